-- Accepts an event: de-duplicates, numbers and stores it, and queues its runs. The reply to the
-- provider comes after it.
-- ARGV: 1 event, 2 de-duplication key, 3 its window in seconds, 4 facts, 5 body, 6 headers,
-- 7 outcome, 8 reason, 9 run IDs (the first 100), 10 fan-out lane or '', 11 how many replicas are waited
-- for, 12 integration, then for each run: id, lane, body.
local seen = P .. ':seen:' .. ARGV[2]
local first = redis.call('GET', seen)
if first and ARGV[11] ~= '0' then
  redis.call('SET', seen, first, 'KEEPTTL') -- so that there is something to wait for
end
if first and first ~= ARGV[1] then
  return { first, 1, hints }
end

-- tell asks for a lane's hint once more.
local function tell(lane)
  hints[#hints + 1] = lane
  hints[#hints + 1] = redis.call('HGET', P .. ':lane:' .. lane, 'gen') or '0'
  hints[#hints + 1] = '0'
  hints[#hints + 1] = ''
end

if redis.call('EXISTS', P .. ':project') == 0 then
  return { '', 0, hints }
end
local t = now()
local key = P .. ':event:' .. ARGV[1]
if redis.call('EXISTS', key) == 0 then
  local accepted = clock(t)
  local seq = redis.call('INCR', P .. ':seq')
  redis.call('HSET', key, 'f', ARGV[4], 'b', ARGV[5], 'h', ARGV[6], 'out', ARGV[7], 'why', ARGV[8], 'runs', ARGV[9], 'seq', seq, 'acc', num(accepted), 'op', 0)
  redis.call('ZADD', P .. ':events', seq, ARGV[1])
  if ARGV[7] ~= 'matched' then
    redis.call('ZADD', P .. ':events:' .. ARGV[7], seq, ARGV[1])
  end
  redis.call('SET', seen, ARGV[1], 'EX', ARGV[3])
  if redis.call('HEXISTS', P .. ':integrations', ARGV[12]) == 1 then
    redis.call('HSET', P .. ':integrations:last', ARGV[12], num(accepted))
  end
  count_work('e')
  keep_counts(t)
  for i = 13, #ARGV, 3 do
    add_run(ARGV[i], ARGV[i + 1], ARGV[i + 2], t, accepted)
  end
  if ARGV[10] ~= '' then
    put(ARGV[10], ARGV[1], t)
  end
else -- sent again: its reply was lost; whoever waits is told once more
  for i = 13, #ARGV, 3 do
    tell(ARGV[i + 1])
  end
  if ARGV[10] ~= '' then
    tell(ARGV[10])
  end
end
return { ARGV[1], 0, hints }
