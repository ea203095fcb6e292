-- What the scripts share that make deliveries due now.

local roused = {} -- lanes

-- rouse notes that a lane is owed something and wakes it if it sleeps, unless it is held: what waits in it goes when it
-- is released.
local function rouse(lane, t)
  if roused[lane] then
    return
  end
  roused[lane] = true
  owes(lane, t)
  local f = redis.call('HMGET', P .. ':lane:' .. lane, 'awake', 'held')
  if f[1] ~= '1' and (f[2] or '') == '' then
    wake(lane, t)
  end
end

local REPLAYS, REPLAYED = 10000, 86400000 -- of how many retries whoever listens is told, and for how many ms

-- note_replay has whoever listens hear of a retry.
local function note_replay(id, t)
  local replays, at = P .. ':replays', num(clock(t))
  redis.call('ZADD', replays, at, id .. ':' .. at)
  redis.call('ZREMRANGEBYRANK', replays, 0, -REPLAYS - 1)
  redis.call('PEXPIRE', replays, REPLAYED)
end

-- renew_budget gives a delivery that has ended, and is attempted again, all of its schedule once more. Its attempts
-- are kept.
local function renew_budget(key, attempts, why, t)
  redis.call('HSET', key, 'st', 'pending', 'rs', why, 'again', num(t), 'base', attempts or '0')
  redis.call('HDEL', key, 'end', 'sup', 'th')
end

-- retry makes a delivery due now: one that waits early, and one that has ended again, for which why is the reason. One
-- that is in flight stays so. It reports whether there is such a delivery, and whether that changed it.
local function retry(id, why, t)
  local key = P .. ':dlv:' .. id
  local f = redis.call('HMGET', key, 'st', 'new', 'at', 'f')
  local endpoint = string.match(f[4] or '', '"e":"([^"]+)"')
  if not f[1] or not endpoint then
    return false, false
  end
  local lane = endpoint .. '.d'
  local score = redis.call('ZSCORE', P .. ':rows:' .. lane, id)
  if score and tonumber(score) < 0 then
    return true, false
  end
  if f[1] ~= 'pending' then
    unlist_ended(id, f[1], endpoint)
    redis.call('ZADD', P .. ':deliveries:pending', f[2], id)
    renew_budget(key, f[3], why, t)
  end
  redis.call('HSET', key, 'due', num(t))
  redis.call('HDEL', key, 'wt')
  redis.call('ZADD', P .. ':rows:' .. lane, num(t), id)
  redis.call('ZADD', P .. ':deferred:' .. endpoint, f[2], id)
  rouse(lane, t)
  note_replay(id, t)
  return true, true
end
