-- Looks at lanes: who works them, and that somebody will be told of what waits in them.
local LATE = 60000 -- after which nobody can be said to be about to touch a lane, in ms
local t = now()

-- land makes what is in flight due again, and wakes the lane.
local function land(lane)
  local rows = P .. ':rows:' .. lane
  local flying = redis.call('ZRANGEBYSCORE', rows, '-inf', '(0', 'WITHSCORES')
  for i = 1, #flying, 2 do
    redis.call('ZADD', rows, num(-tonumber(flying[i + 1])), flying[i])
  end
  redis.call('HSET', P .. ':lane:' .. lane, 'tok', '', 'till', '0', 'ids', '')
  wake(lane, t)
end

-- owned reports whether there still is what a lane's rows are for.
local function owned(lane)
  local owner, kind = string.match(lane, '^([^.]+)%..-([^.]+)$')
  if kind == 'd' then
    return redis.call('HGET', P .. ':project', 'end') == owner or redis.call('EXISTS', P .. ':endpoint:' .. owner) == 1
  elseif kind == 'o' or kind == 'r' then
    return redis.call('EXISTS', P .. ':project') == 1
  end
  return redis.call('EXISTS', P .. ':con:' .. owner) == 1
end

-- purged reports whether what is left of a lane is being removed together with its connection.
local function purged(lane)
  return redis.call('EXISTS', P .. ':purge:' .. string.match(lane, '^[^.]*')) == 1
end

-- sleeps_long reports whether a lane that sleeps until its next row is due is looked after too late.
local function sleeps_long(lane, awake, due)
  local first = redis.call('ZRANGEBYSCORE', P .. ':rows:' .. lane, '(0', '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  return awake ~= '1' and first[2] and due > math.max(t, tonumber(first[2])) + WOKEN + LATE
end

local function look(lane)
  local key, rows = P .. ':lane:' .. lane, P .. ':rows:' .. lane
  local f = redis.call('HMGET', key, 'gen', 'awake', 'tok', 'till', 'held')
  local score = redis.call('ZSCORE', P .. ':due', lane)
  local due = score and tonumber(score)
  local waiting, flying = redis.call('ZCARD', rows), redis.call('ZCOUNT', rows, '-inf', '(0')
  local taken = f[3] and f[3] ~= ''
  local leased = taken and tonumber(f[4] or '0') + LATE > t
  if flying > 0 and not leased then
    fault('in_flight_without_lease', lane, flying, function() land(lane) end)
  elseif not due and not f[5] and (waiting > 0 or f[2] == '1') then
    fault('lane_forgotten', lane, waiting, function() wake(lane, t) end)
  elseif due and due + LATE < t then
    fault('lane_overdue', lane, f[1] or '0')
  elseif due and waiting > 0 and sleeps_long(lane, f[2], due) then
    fault('lane_sleeps_long', lane, num(due), function() wake(lane, t) end)
  elseif waiting == 0 and not taken and (due or f[1]) and not owned(lane) then
    fault('lane_without_owner', lane, '', function()
      redis.call('DEL', key)
      redis.call('ZREM', P .. ':due', lane)
    end)
  end
end

for i = 3, #ARGV do
  if not purged(ARGV[i]) then
    look(ARGV[i])
  end
end
return report(#ARGV - 2, hints)
