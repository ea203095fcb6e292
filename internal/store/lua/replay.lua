-- Records that an event is processed again, and queues the runs of that.
-- ARGV: 1 event, 2 replay number, 3 outcome, 4 reason, 5 run IDs of this replay, 6 fan-out lane or '',
-- then for each run: id, lane, body.
local key = P .. ':event:' .. ARGV[1]
local f = redis.call('HMGET', key, 'rep', 'runs', 'seq', 'out')
if not f[3] then
  return { 'gone', hints }
end
if tonumber(f[1] or '0') + 1 ~= tonumber(ARGV[2]) then
  return { 'changed', hints }
end
local t = now()
local runs = f[2] or ''
if #runs < 3000 and ARGV[5] ~= '' then
  runs = runs == '' and ARGV[5] or runs .. ',' .. ARGV[5]
end
redis.call('HSET', key, 'rep', ARGV[2], 'out', ARGV[3], 'why', ARGV[4], 'runs', runs)
redis.call('ZREM', P .. ':events:' .. f[4], ARGV[1])
if ARGV[3] ~= 'matched' then
  redis.call('ZADD', P .. ':events:' .. ARGV[3], f[3], ARGV[1])
end
local created = clock(t)
for i = 7, #ARGV, 3 do
  add_run(ARGV[i], ARGV[i + 1], ARGV[i + 2], t, created)
end
if ARGV[6] ~= '' then
  put(ARGV[6], ARGV[1], t)
end
return { 'ok', hints }
