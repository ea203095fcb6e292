-- A turn on a lane of deliveries. What is done, each: id, op ('delivered', 'exhausted', 'cancelled',
-- 'again', 'back'), attempts, status, reason, wait ms, attempt.

local kind = { timed = true }
local changed = {}

local function ended(key, id, op, t)
  redis.call('HSET', key, 'st', op, 'end', num(clock(t)))
  redis.call('HDEL', key, 'due')
  redis.call('ZREM', P .. ':rows:' .. ARGV[1], id)
  redis.call('ZREM', P .. ':deliveries:pending', id)
  if op ~= 'delivered' then
    redis.call('ZADD', P .. ':deliveries:' .. op, redis.call('HGET', key, 'new'), id)
  end
end

function kind.apply(i, t)
  local rows = P .. ':rows:' .. ARGV[1]
  for at = i, #ARGV, 7 do
    local id, op, attempts = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    local key = P .. ':dlv:' .. id
    local score = redis.call('ZSCORE', rows, id)
    if score and tonumber(score) < 0 then
      if op == 'back' then
        redis.call('ZADD', rows, num(-tonumber(score)), id)
      else
        if ARGV[at + 6] ~= '' then
          redis.call('HSET', key, 'at', attempts, 'ls', ARGV[at + 3], 'rs', ARGV[at + 4], 'a' .. attempts, ARGV[at + 6])
        else
          redis.call('HSET', key, 'rs', ARGV[at + 4])
        end
        if op == 'again' then
          local due = t + tonumber(ARGV[at + 5])
          redis.call('ZADD', rows, num(due), id)
          redis.call('HSET', key, 'due', num(due))
        else
          ended(key, id, op, t)
        end
      end
      changed[#changed + 1] = id
    end
  end
  if #changed > 0 then
    redis.call('PUBLISH', P .. ':watch', table.concat(changed, ','))
  end
end

function kind.orphaned(lane)
  return false
end

function kind.interrupted(id)
end

function kind.row(id)
  return redis.call('HMGET', P .. ':dlv:' .. id, 'f', 'b', 'at', 'new', 'st')
end

return turn(kind)
