-- A turn on a lane: take or renew its lease, hand in what is done, take what is due, or leave.
-- ARGV: 1 lane, 2 generation (0: any), 3 token, 4 number of the turn, 5 lease ms, 6 want, 7 limit,
-- 8 leave (0: stay, 1: when nothing is due, 2: the slice is over), 9 and on: what is done.

local SHORT = 2000 -- a hold that a worker waits out, in ms: hints come at whole seconds

-- stand is what a lane lets happen: not before when, whether it is held altogether, and its flow.
local function stand(key)
  local f = redis.call('HMGET', key, 'nb', 'held', 'flow')
  return { hold = tonumber(f[1] or '0'), held = f[2] and f[2] ~= '', flow = f[3] or '' }
end

-- finish gives the lane back: asleep, or with another hint when rows still wait. One whose owner was
-- deleted is removed; what waits in it is the purge's. Deliveries to a deleted endpoint are cancelled first.
local function finish(kind, lane, t, next, hold, gone)
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
  if next <= t or kind.timed and next <= hold and hold <= t + SHORT then
    wake(lane, t)
  elseif kind.hinted and next > hold then
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

local function next_due(rows, t, stands, timed)
  if stands.held then
    return nil
  end
  local first = redis.call('ZRANGEBYSCORE', rows, '(0', '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if #first == 0 then
    return nil
  end
  local due = timed and math.ceil(tonumber(first[2])) or t
  return math.max(due, stands.hold)
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

local function answer(word, fence, t, next, flow, ids, row)
  local out = { word, num(fence), num(t), next and num(next) or '', flow, #ids }
  for _, id in ipairs(ids) do
    out[#out + 1] = id
    out[#out + 1] = row(id)
  end
  out[#out + 1] = hints
  return out
end

-- leaves reports whether a worker with nothing in flight leaves the lane: one that waits for the end of a
-- short hold stays.
local function leaves(kind, t, next, hold, gone)
  if ARGV[8] == '1' and kind.timed and next and next <= hold and hold > t and hold <= t + SHORT then
    return gone
  end
  return gone or ARGV[8] ~= '0'
end

-- renew gives the lane to the turn's worker for the time of another lease.
local function renew(key, lane, t, ...)
  local till = num(t + tonumber(ARGV[5]))
  redis.call('HSET', key, 'till', till, ...)
  redis.call('ZADD', P .. ':due', till, lane)
end

-- waits_elsewhere reports whether a hint that is for one row alone comes to nothing: a lane that waits has a hint of
-- its own for when that ends, and one that is held has none until it is released. One whose worker died has not.
local function waits_elsewhere(key, token, t)
  if ARGV[2] ~= '0' or (token or '') ~= '' then
    return false
  end
  local stands = stand(key)
  return stands.held or stands.hold > t + SHORT
end

-- turn does it all. kind: timed (rows are due at their score), hinted (each that waits has a hint of its own),
-- apply(done from, t) hands in, interrupted(id) notes that a row's worker stopped, row(id) is what the taker needs to
-- know, gone(lane) whether the lane's owner was deleted: nothing is taken from it then; flow(stands) is what to tell
-- the worker of the lane's flow, and how many it may take at most; settle(rows, t, want), which a kind may lack, makes
-- rows ready that are about to be taken, and says how many are.
local function turn(kind)
  local t = now()
  local lane, token, number = ARGV[1], ARGV[3], tonumber(ARGV[4])
  local key, rows = P .. ':lane:' .. lane, P .. ':rows:' .. lane
  local f = redis.call('HMGET', key, 'gen', 'tok', 'till', 'num', 'ids', 'fence')
  local fence = tonumber(f[6] or '0')
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
    if gone or not f[1] or (ARGV[2] ~= '0' and ARGV[2] ~= f[1]) or kind.hinted and waits_elsewhere(key, f[2], t) then
      return { 'stale' }
    end
    fence = math.max(fence + 1, t) -- so that one which a failover forgot is not given again
    redis.call('HSET', key, 'fence', num(fence))
    take_over(lane, kind.interrupted)
  elseif tonumber(f[4]) == number then -- sent again: its reply was lost, or too few replicas had it
    renew(key, lane, t)
    local stands = stand(key)
    return answer('ok', fence, t, next_due(rows, t, stands, kind.timed), kind.flow(stands), split(f[5]), kind.row)
  elseif tonumber(f[4]) ~= number - 1 then -- a failover forgot turns, and so which rows are in flight
    return { 'lost' }
  end

  kind.apply(9, t, gone)
  local stands = stand(key)
  local flow, most = kind.flow(stands)
  local flying = redis.call('ZCOUNT', rows, '-inf', '(0')
  local want = gone and 0 or math.min(tonumber(ARGV[6]), tonumber(ARGV[7]) - flying, most)
  want = (stands.held or stands.hold > t) and 0 or want
  local ready = kind.settle and kind.settle(rows, t, want) or want
  local ids = take(rows, t, ready, kind.timed)
  local next = next_due(rows, t, stands, kind.timed)
  local more = ready < want and ARGV[8] == '1' -- of what is due is made ready in the next turn
  if flying + #ids == 0 and not more and leaves(kind, t, next, stands.hold, gone) then
    finish(kind, lane, t, next, stands.hold, gone)
    return answer('left', fence, t, next, flow, ids, kind.row)
  end
  renew(key, lane, t, 'tok', token, 'num', number, 'ids', table.concat(ids, ','), 'awake', '1')
  return answer('ok', fence, t, next, flow, ids, kind.row)
end
