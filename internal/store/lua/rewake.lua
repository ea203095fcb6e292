-- Wakes an overdue lane again, or, if its hint is still on its way, asks again later; a lane without
-- rows goes to sleep, and so does one that is held, unless a worker died at it. ARGV: 1 lane, 2 the generation that
-- was seen, 3 'wake' or 'wait'.
local t = now()
local lane, key = ARGV[1], P .. ':lane:' .. ARGV[1]
local score = redis.call('ZSCORE', P .. ':due', lane)
local f = redis.call('HMGET', key, 'gen', 'tok', 'till', 'held')
if not score or tonumber(score) > t or (f[1] or '0') ~= ARGV[2] then
  return hints
end
if f[2] and f[2] ~= '' and tonumber(f[3]) > t then
  return hints
end
local held = f[4] and (f[2] or '') == ''
if held or redis.call('ZCARD', P .. ':rows:' .. lane) == 0 then
  redis.call('ZREM', P .. ':due', lane)
  if not drop_abandoned(lane) then
    redis.call('HSET', key, 'awake', '', 'tok', '')
    owes_nothing(lane)
  end
elseif ARGV[3] == 'wait' then
  redis.call('ZADD', P .. ':due', num(t + WOKEN), lane)
else
  wake(lane, t)
end
return hints
