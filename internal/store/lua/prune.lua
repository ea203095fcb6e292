-- Removes old finished rows from an index, oldest first, and what belongs to them.
-- ARGV: 1 kind ('event', 'run', 'dlv' or 'recovery'), 2 before this time in ms, 3 how many to look at, 4 how many
-- old ones, which have not finished, to pass over first. Answers how many were removed, and how many
-- to pass over next time: -1, there are no more old ones.
local index = P .. ({ event = ':events', run = ':runs', dlv = ':deliveries', recovery = ':recoveries' })[ARGV[1]]
local groups = ({
  event = { 'unmatched', 'handshake' },
  run = { 'failed', 'cancelled' },
  dlv = { 'exhausted', 'cancelled', 'superseded' },
  recovery = {},
})[ARGV[1]]
local made = ARGV[1] == 'event' and 'acc' or 'new'
local finished = ARGV[1] == 'event' and 'acc' or 'end'
local before, from = tonumber(ARGV[2]), tonumber(ARGV[4])
local ids = redis.call('ZRANGE', index, from, from + tonumber(ARGV[3]) - 1)
local fanout = P .. ':rows:' .. string.sub(P, 2, -2) .. '.o'

local PATIENCE = 5000 -- runs asked for their state; then the rest of the rows comes next time
local asked = 0

-- waits reports whether somebody still needs an event: runs of it that have not ended, or the fan-out
-- that will queue them. An event of a former version does not count its runs; those that it names are
-- asked.
local function waits(id, open, runs)
  if open then
    return tonumber(open) > 0 or redis.call('ZSCORE', fanout, id)
  end
  for run in string.gmatch(runs or '', '[^,]+') do
    asked = asked + 1
    local state = redis.call('HGET', P .. ':run:' .. run, 'st')
    if state == 'queued' or state == 'running' then
      return true
    end
  end
  return redis.call('ZSCORE', fanout, id)
end

-- endpoint_of answers the endpoint that a delivery was owed to.
local function endpoint_of(key)
  return string.match(redis.call('HGET', key, 'f') or '', '"e":"([^"]+)"') or ''
end

local function remove(key, id)
  redis.call('ZREM', index, id)
  for _, group in ipairs(groups) do
    if redis.call('ZREM', index .. ':' .. group, id) == 1 and group == 'exhausted' then
      unlist_ended(id, group, endpoint_of(key))
    end
  end
  redis.call('UNLINK', key)
end

local removed, kept = 0, from
for _, id in ipairs(ids) do
  local key = P .. ':' .. ARGV[1] .. ':' .. id
  local f = redis.call('HMGET', key, made, finished, 'op', 'runs')
  if f[1] and tonumber(f[1]) >= before then
    return { removed, -1 }
  end
  if f[1] and not (f[2] and tonumber(f[2]) < before) or ARGV[1] == 'event' and f[1] and waits(id, f[3], f[4]) then
    kept = kept + 1
  else
    remove(key, id)
    removed = removed + 1
  end
  if asked > PATIENCE then
    return { removed, kept }
  end
end
return { removed, #ids < tonumber(ARGV[3]) and -1 or kept }
