-- Removes old finished rows from an index, oldest first, and what belongs to them.
-- ARGV: 1 kind ('event', 'run' or 'dlv'), 2 before this time in ms, 3 how many to look at, 4 how many
-- old ones, which have not finished, to pass over first. Answers how many were removed, and how many
-- more to pass over next time: -1, there are no more old ones.
local index = ({ event = ':events', run = ':runs', dlv = ':deliveries' })[ARGV[1]]
local groups = ({
  event = { 'unmatched', 'handshake' },
  run = { 'failed', 'cancelled' },
  dlv = { 'exhausted', 'cancelled' },
})[ARGV[1]]
local made = ARGV[1] == 'event' and 'acc' or 'new'
local finished = ARGV[1] == 'event' and 'acc' or 'end'
local before, from = tonumber(ARGV[2]), tonumber(ARGV[4])
local ids = redis.call('ZRANGE', P .. index, from, from + tonumber(ARGV[3]) - 1)

-- waits reports whether a run of an event, of those that it names, has not ended: it needs the payload.
local function waits(runs)
  for run in string.gmatch(runs or '', '[^,]+') do
    local state = redis.call('HGET', P .. ':run:' .. run, 'st')
    if state == 'queued' or state == 'running' then
      return true
    end
  end
  return false
end

local removed, kept = 0, 0
for _, id in ipairs(ids) do
  local key = P .. ':' .. ARGV[1] .. ':' .. id
  local f = redis.call('HMGET', key, made, finished, 'runs')
  if f[1] and tonumber(f[1]) >= before then
    return { removed, -1 }
  end
  if f[1] and (not (f[2] and tonumber(f[2]) < before) or waits(f[3])) then
    kept = kept + 1
  else
    redis.call('DEL', key)
    redis.call('ZREM', P .. index, id)
    for _, group in ipairs(groups) do
      redis.call('ZREM', P .. index .. ':' .. group, id)
    end
    removed = removed + 1
  end
end
return { removed, #ids < tonumber(ARGV[3]) and -1 or kept }
