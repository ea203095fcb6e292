-- Makes deliveries, in the turn in which what they tell of happens. Each is six arguments: id, operational type
-- ('' a sync's webhook), facts, body, endpoint, and how it may become one with others (coalesce.lua; '' it may not).
-- A delivery of an operational type is made only if what it tells of is news.
local DELIVERY = 6

-- turned notes how something stands, and reports whether it stood otherwise until now. key and field are where it is
-- noted since when it has been bad.
local function turned(key, field, standing, t)
  if standing == 'bad' then
    return redis.call('HSETNX', key, field, num(clock(t))) == 1
  end
  return standing == 'good' and redis.call('HDEL', key, field) == 1
end

-- put_later puts a delivery into its lane that is due at a time to come. Its own hint comes then, or that of one whose
-- place it took.
local function put_later(lane, d, t)
  local f = redis.call('HMGET', P .. ':lane:' .. lane, 'awake', 'held')
  if f[1] ~= '1' then
    owes(lane, t)
    if not f[2] then
      redis.call('ZADD', P .. ':due', 'LT', num(d.due + WOKEN), lane)
    end
  end
  if not d.hinted then
    hints[#hints + 1] = lane
    hints[#hints + 1] = '0'
    hints[#hints + 1] = num(d.due)
    hints[#hints + 1] = d.id
  end
end

-- join puts a delivery into its lane which may become one with others that wait there.
local function join(endpoint, id, co, t, created)
  local lane, key, interval = endpoint .. '.d', key_of(co)
  local due = may_send(endpoint, key, interval, t)
  redis.call('HSET', P .. ':dlv:' .. id, 'co', co, 'due', num(due))
  redis.call('ZADD', P .. ':rows:' .. lane, num(due), id)
  redis.call('ZADD', co_index(endpoint), 0, key .. NUL .. id)
  if due > t then
    redis.call('HSET', P .. ':dlv:' .. id, 'wt', 'interval')
    redis.call('ZADD', P .. ':deferred:' .. endpoint, num(created), id)
  end
  local _, _, stays = coalesce(endpoint, key, t, interval > 0 or troubled(lane, t), SIBLINGS, id)
  stays = stays or { id = id, due = due }
  if stays.due > t then
    put_later(lane, stays, t)
  else
    put(lane, stays.id, stays.due, true)
  end
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
  if ARGV[i + 5] == '' then
    put(endpoint .. '.d', id, t, true)
  else
    join(endpoint, id, ARGV[i + 5], t, created)
  end
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
