-- Pauses, resumes or cancels a recovery. ARGV: 1 recovery, 2 the state that is wanted, 3 audit line. Answers 'ok', also
-- when it stood so; 'gone'; or the state in which it has ended.
local key = P .. ':recovery:' .. ARGV[1]
local rows = P .. ':rows:' .. recovery_lane
local state = redis.call('HGET', key, 'st')
if not state then
  return { 'gone', hints }
elseif state == ARGV[2] then
  return { 'ok', hints }
elseif state == 'succeeded' or state == 'cancelled' then
  return { state, hints }
end
local t = now()
local score = tonumber(redis.call('ZSCORE', rows, ARGV[1]) or '0')
if ARGV[2] == 'cancelled' then
  end_recovery(key, 'cancelled', t)
else
  redis.call('HSET', key, 'st', ARGV[2])
end
if ARGV[2] ~= 'running' and score > 0 then -- one in flight leaves the lane when its worker hands it in
  redis.call('ZREM', rows, ARGV[1])
elseif ARGV[2] == 'running' then
  redis.call('HDEL', key, 'pace')
  if score == 0 then
    go_on(ARGV[1], t)
  end
end
audit(ARGV[3])
tell_watchers(ARGV[1])
return { 'ok', hints }
