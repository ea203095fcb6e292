-- What the scripts of recoveries share.

-- set_of answers the list that holds all that a filter describes.
local function set_of(filter)
  return P .. ':deliveries:exhausted' .. (filter.e and ':' .. filter.e or '')
end

local DETAILS = { 'i', 'c', 's', 'm' } -- of a filter, which only a delivery's row tells

-- detailed reports whether a filter describes a part only of what is listed in its time.
local function detailed(filter)
  return filter.i ~= nil or filter.c ~= nil or filter.s ~= nil or filter.m ~= nil
end

-- described reports whether a filter describes a delivery, which is exhausted and has been so since a time.
local function described(filter, id, since)
  local f = redis.call('HMGET', P .. ':dlv:' .. id, 'st', 'end', 'f')
  if f[1] ~= 'exhausted' or tonumber(f[2] or '0') > since then
    return false
  end
  local ok, facts = pcall(cjson.decode, f[3] or '')
  if not ok then
    return false
  end
  for _, detail in ipairs(DETAILS) do
    if filter[detail] and filter[detail] ~= facts[detail] then
      return false
    end
  end
  return true, facts.e
end

-- behind answers the rank of the first member behind a place in a list, or of the first with a score.
local function behind(set, score, member, from)
  if score and score ~= '' then
    return after(set, score, member)
  end
  return from == '' and 0 or redis.call('ZCOUNT', set, '-inf', '(' .. from)
end

-- recovery_lane is where recoveries wait that go on.
local recovery_lane = string.sub(P, 2, -2) .. '.r'

-- go_on puts a recovery into its lane and wakes that: a hint on its way may be one for later.
local function go_on(id, t)
  redis.call('ZADD', P .. ':rows:' .. recovery_lane, num(t), id)
  wake(recovery_lane, t)
end

-- end_recovery ends a recovery.
local function end_recovery(key, state, t)
  redis.call('HSET', key, 'st', state, 'end', num(clock(t)))
end

local function tell_watchers(id)
  redis.call('PUBLISH', P .. ':watch:recoveries', id)
end

local function audit(line)
  redis.call('LPUSH', P .. ':audit', line)
  redis.call('LTRIM', P .. ':audit', 0, 999)
end
