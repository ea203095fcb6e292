-- Makes deliveries, in the turn in which what they tell of happens. Each is five arguments: id, operational type
-- ('' a sync's webhook), facts, body, endpoint. A delivery of an operational type is made only if what it tells of
-- is news.
local DELIVERY = 5

-- turned notes how something stands, and reports whether it stood otherwise until now. key and field are where it is
-- noted since when it has been bad.
local function turned(key, field, standing, t)
  if standing == 'bad' then
    return redis.call('HSETNX', key, field, num(clock(t))) == 1
  end
  return standing == 'good' and redis.call('HDEL', key, field) == 1
end

-- deliver makes a delivery whose arguments begin at i, unless there is one already, or it would tell of what is no news:
-- news has the operational types of what has just begun. It reports whether it is there now.
local function deliver(i, news, t, created)
  local id, type, endpoint = ARGV[i], ARGV[i + 1], ARGV[i + 4]
  local key = P .. ':dlv:' .. id
  if type ~= '' and not news[type] then
    return false
  end
  if redis.call('EXISTS', key) == 1 then
    return true
  end
  redis.call('HSET', key, 'f', ARGV[i + 2], 'b', ARGV[i + 3], 'st', 'pending', 'new', num(created), 'due', num(t))
  redis.call('ZADD', P .. ':deliveries', num(created), id)
  redis.call('ZADD', P .. ':deliveries:pending', num(created), id)
  put(endpoint .. '.d', id, t, true)
  count(endpoint, 'c')
  redis.call('PUBLISH', P .. ':watch', id)
  return true
end

-- deliver_all makes n deliveries whose arguments begin at i, and returns those that are there now.
local function deliver_all(i, n, news, t)
  local created, made = clock(t), {}
  for at = i, i + (n - 1) * DELIVERY, DELIVERY do
    if deliver(at, news, t, created) then
      made[#made + 1] = ARGV[at]
    end
  end
  return made
end
