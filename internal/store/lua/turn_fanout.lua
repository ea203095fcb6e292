-- A turn on a project's lane of large fan-outs. Rows are event IDs; done, each: id, op ('end', 'again'),
-- wait ms.
local kind = { timed = false }

function kind.apply(i, t)
  local rows = P .. ':rows:' .. ARGV[1]
  for at = i, #ARGV, 3 do
    local score = tonumber(redis.call('ZSCORE', rows, ARGV[at]) or '0')
    if score < 0 and ARGV[at + 1] == 'end' then
      redis.call('ZREM', rows, ARGV[at])
    elseif score < 0 then
      redis.call('ZADD', rows, num(-score), ARGV[at])
      redis.call('HSET', P .. ':lane:' .. ARGV[1], 'nb', num(t + tonumber(ARGV[at + 2])))
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
