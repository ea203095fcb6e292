-- Looks at some rows of the project for those of a deleted connection and removes them, in the order in
-- which they were made, from where it was the last time. ARGV: 4 kind ('runs' or 'deliveries'), 5 since
-- when such rows can be there.
local index = P .. ':' .. ARGV[4]
local t = now()

local runs = {}

-- remove takes a row away if it is the connection's, and reports whether it was. It answers 'busy' for
-- one that somebody works on.
function runs.remove(id)
  local lane = redis.call('HGET', P .. ':run:' .. id, 'lane')
  if not lane or string.sub(lane, 1, #con + 1) ~= con .. '.' then
    return false
  end
  remove_run(id, lane)
  return true
end

local deliveries = {}

-- forget_key takes a delivery from those that may become one with others, and forgets when one of its connection,
-- sync and model was sent last.
local function forget_key(endpoint, id, facts)
  local index, sent = P .. ':co:' .. endpoint, P .. ':sent:' .. endpoint
  if redis.call('EXISTS', index, sent) > 0 then
    local f = cjson.decode(facts)
    local key = f.c .. '.' .. f.s .. '.' .. f.m
    redis.call('ZREM', index, key .. string.char(0) .. id)
    redis.call('ZREM', sent, key)
  end
end

function deliveries.remove(id)
  local key = P .. ':dlv:' .. id
  local facts = redis.call('HGET', key, 'f')
  if not facts or not string.find(facts, '"c":"' .. con .. '"', 1, true) then
    return false
  end
  local endpoint = string.match(facts, '"e":"([^"]+)"')
  local lane = endpoint .. '.d'
  local score = redis.call('ZSCORE', P .. ':rows:' .. lane, id)
  if score and tonumber(score) < 0 and leased(lane, t) then
    return 'busy'
  end
  forget_key(endpoint, id, facts)
  redis.call('UNLINK', key)
  redis.call('ZREM', P .. ':rows:' .. lane, id)
  redis.call('ZREM', P .. ':deferred:' .. endpoint, id)
  unlist_ended(id, 'exhausted', endpoint)
  drop_abandoned(lane)
  for _, group in ipairs({ '', ':pending', ':cancelled', ':superseded' }) do
    redis.call('ZREM', index .. group, id)
  end
  return true
end

local kind = ARGV[4] == 'runs' and runs or deliveries
local at = redis.call('HMGET', purge, 'at', 'score', 'id')
local deleted, score, last = tonumber(at[1] or '0'), at[2], at[3]
local from
if score then
  from = after(index, score, last)
else
  from = redis.call('ZCOUNT', index, '-inf', '(' .. ARGV[5])
end
local page = redis.call('ZRANGE', index, from, from + ARGV[2] - 1, 'WITHSCORES')
local n = 0

-- pause keeps how far it came.
local function pause(word)
  counted(ARGV[4], n)
  if score then
    redis.call('HSET', purge, 'score', score, 'id', last)
  end
  return word
end

for i = 1, #page, 2 do
  local removed = kind.remove(page[i])
  if removed == 'busy' then
    return pause('wait')
  end
  n = n + (removed and 1 or 0)
  score, last = page[i + 1], page[i]
end
if #page == 2 * tonumber(ARGV[2]) and tonumber(score) <= deleted then
  return pause('more')
end
counted(ARGV[4], n)
return step_ended()
