-- A turn on a project's lane of recoveries. Rows are their IDs; done, each: id, wait ms. One that no longer goes on
-- leaves the lane.
local kind = { timed = true }

function kind.apply(i, t)
  local rows = P .. ':rows:' .. ARGV[1]
  for at = i, #ARGV, 2 do
    local score = tonumber(redis.call('ZSCORE', rows, ARGV[at]) or '0')
    if score < 0 and redis.call('HGET', P .. ':recovery:' .. ARGV[at], 'st') == 'running' then
      redis.call('ZADD', rows, num(t + tonumber(ARGV[at + 1])), ARGV[at])
    elseif score < 0 then
      redis.call('ZREM', rows, ARGV[at])
    end
  end
end

function kind.gone(lane)
  return false
end

function kind.interrupted(id)
end

function kind.row(id)
  return id
end

function kind.flow()
  return '', math.huge
end

return turn(kind)
