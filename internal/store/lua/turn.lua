-- A turn on a lane: take or renew its lease, hand in what is done, take what is due, or leave.
-- ARGV: 1 lane, 2 generation (0: any), 3 token, 4 number of the turn, 5 lease ms, 6 want, 7 limit,
-- 8 leave (0: stay, 1: when nothing is due, 2: the slice is over), 9 and on: what is done.

-- finish gives the lane back: asleep, or with another hint when rows still wait. One whose owner was
-- deleted is removed; what waits in it is the purge's. Deliveries to a deleted endpoint are cancelled first.
local function finish(kind, lane, t, next, gone)
  local key = P .. ':lane:' .. lane
  redis.call('ZREM', P .. ':due', lane)
  if gone then
    redis.call('DEL', key)
    return
  end
  if not next and drop_abandoned(lane) then
    return
  end
  redis.call('HSET', key, 'tok', '', 'till', '0', 'awake', '', 'ids', '')
  if kind.timed then
    owes_nothing(lane)
  end
  if not next then
    return
  end
  if next <= t then
    wake(lane, t)
  elseif kind.hinted then
    redis.call('ZADD', P .. ':due', num(next + WOKEN), lane)
  else
    wake(lane, t, next)
  end
end

-- take_over makes the rows that were in flight under a former token due at once.
local function take_over(lane, interrupted)
  local rows = P .. ':rows:' .. lane
  local old = redis.call('ZRANGEBYSCORE', rows, '-inf', '(0', 'WITHSCORES')
  for i = 1, #old, 2 do
    redis.call('ZADD', rows, num(-tonumber(old[i + 1])), old[i])
    interrupted(old[i])
  end
end

local function next_due(rows, t, hold, timed)
  local first = redis.call('ZRANGEBYSCORE', rows, '(0', '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if #first == 0 then
    return nil
  end
  local due = timed and math.ceil(tonumber(first[2])) or t
  return math.max(due, hold)
end

-- take moves up to want due rows into flight, which is the negative of their score.
local function take(rows, t, want, timed)
  local ids = {}
  if want <= 0 then
    return ids
  end
  local due = redis.call('ZRANGEBYSCORE', rows, '(0', timed and num(t) or '+inf', 'WITHSCORES', 'LIMIT', 0, want)
  for i = 1, #due, 2 do
    redis.call('ZADD', rows, num(-tonumber(due[i + 1])), due[i])
    ids[#ids + 1] = due[i]
  end
  return ids
end

local function split(text)
  local ids = {}
  for id in string.gmatch(text or '', '[^,]+') do
    ids[#ids + 1] = id
  end
  return ids
end

local function answer(word, fence, t, next, ids, row)
  local out = { word, num(fence), num(t), next and num(next) or '', #ids }
  for _, id in ipairs(ids) do
    out[#out + 1] = id
    out[#out + 1] = row(id)
  end
  out[#out + 1] = hints
  return out
end

-- renew gives the lane to the turn's worker for the time of another lease.
local function renew(key, lane, t, ...)
  local till = num(t + tonumber(ARGV[5]))
  redis.call('HSET', key, 'till', till, ...)
  redis.call('ZADD', P .. ':due', till, lane)
end

-- turn does it all. kind: timed (rows are due at their score), hinted (each that waits has a hint of its own),
-- apply(done from, t) hands in,
-- interrupted(id) notes that a row's worker stopped, row(id) is what the taker needs to know,
-- gone(lane) whether the lane's owner was deleted: nothing is taken from it then.
local function turn(kind)
  local t = now()
  local lane, token, number = ARGV[1], ARGV[3], tonumber(ARGV[4])
  local key, rows = P .. ':lane:' .. lane, P .. ':rows:' .. lane
  local f = redis.call('HMGET', key, 'gen', 'tok', 'till', 'num', 'ids', 'nb', 'fence')
  local fence, hold = tonumber(f[7] or '0'), tonumber(f[6] or '0')
  if redis.call('EXISTS', P .. ':project') == 0 then
    return { 'lost' }
  end
  local gone = kind.gone(lane)
  if f[2] ~= token then
    if number > 1 then
      return { 'lost' }
    end
    if f[2] and f[2] ~= '' and tonumber(f[3]) > t then
      return { 'busy' }
    end
    if gone or not f[1] or (ARGV[2] ~= '0' and ARGV[2] ~= f[1]) then
      return { 'stale' }
    end
    fence = math.max(fence + 1, t) -- so that one which a failover forgot is not given again
    redis.call('HSET', key, 'fence', num(fence))
    take_over(lane, kind.interrupted)
  elseif tonumber(f[4]) == number then -- sent again: its reply was lost, or too few replicas had it
    renew(key, lane, t)
    return answer('ok', fence, t, next_due(rows, t, hold, kind.timed), split(f[5]), kind.row)
  elseif tonumber(f[4]) ~= number - 1 then -- a failover forgot turns, and so which rows are in flight
    return { 'lost' }
  end

  kind.apply(9, t, gone)
  hold = tonumber(redis.call('HGET', key, 'nb') or '0')
  local flying = redis.call('ZCOUNT', rows, '-inf', '(0')
  local want = gone and 0 or math.min(tonumber(ARGV[6]), tonumber(ARGV[7]) - flying)
  local ids = take(rows, t, hold > t and 0 or want, kind.timed)
  local next = next_due(rows, t, hold, kind.timed)
  if (gone or ARGV[8] ~= '0') and flying + #ids == 0 then
    finish(kind, lane, t, next, gone)
    return answer('left', fence, t, next, ids, kind.row)
  end
  renew(key, lane, t, 'tok', token, 'num', number, 'ids', table.concat(ids, ','), 'awake', '1')
  return answer('ok', fence, t, next, ids, kind.row)
end
