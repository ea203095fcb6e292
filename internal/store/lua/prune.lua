-- Removes old finished rows from an index, oldest first, and what belongs to them.
-- ARGV: 1 kind ('event', 'run' or 'dlv'), 2 before this time in ms, 3 how many at most.
-- Answers how many were removed.
local index = ({ event = ':events', run = ':runs', dlv = ':deliveries' })[ARGV[1]]
local groups = ({
  event = { 'unmatched', 'handshake' },
  run = { 'failed', 'cancelled' },
  dlv = { 'exhausted', 'cancelled' },
})[ARGV[1]]
local field = ({ event = 'acc', run = 'end', dlv = 'end' })[ARGV[1]]
local removed = 0
for _, id in ipairs(redis.call('ZRANGE', P .. index, 0, ARGV[3])) do
  local key = P .. ':' .. ARGV[1] .. ':' .. id
  local finished = redis.call('HGET', key, field)
  if redis.call('EXISTS', key) == 0 or (finished and tonumber(finished) < tonumber(ARGV[2])) then
    redis.call('DEL', key)
    redis.call('ZREM', P .. index, id)
    for _, group in ipairs(groups) do
      redis.call('ZREM', P .. index .. ':' .. group, id)
    end
    removed = removed + 1
  end
end
return removed
