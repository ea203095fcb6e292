-- A turn on a lane of deliveries. ARGV: 9 the text of its flow, as its worker has it ('?': it does not know yet), 10 for
-- how many ms nothing goes (when it does not know: how many may go to an endpoint of which nothing is known), 11 why the
-- endpoint is disabled now ('': it is not), how many deliveries tell of the flow, and these. Then what is done,
-- each: id, op ('delivered', 'exhausted', 'cancelled', 'again', 'back'), attempts, status, reason, wait ms, attempt, how
-- many attempts were throttled, what to count (stats.lua): letters, and the number of the attempt's latency; why the
-- wait is as it is; how many deliveries tell of it, and these (deliver.lua).

local kind = { timed = true, hinted = true }
local changed, finished = {}, {}
local tallies = {} -- what to count -> how often
local endpoint = string.match(ARGV[1], '^[^.]+')
local deferred = P .. ':deferred:' .. endpoint
local coalesces = redis.call('EXISTS', co_index(endpoint)) == 1 -- whether anything that waits may become one
local failed = {} -- keys of those of it whose attempts failed

local KEPT = 50 -- attempts of a delivery
local TOLD, DONE = 4, 11 -- arguments: of the flow, and of one delivery that is done

-- record keeps an attempt and why the delivery stands as it does; more are further fields to set.
local function record(key, at, ...)
  if ARGV[at + 6] == '' then
    redis.call('HSET', key, 'rs', ARGV[at + 4], ...)
    return
  end
  local attempts = tonumber(ARGV[at + 2])
  redis.call('HSET', key, 'rs', ARGV[at + 4], 'at', attempts, 'ls', ARGV[at + 3], 'a' .. attempts, ARGV[at + 6], ...)
  if attempts > KEPT then
    redis.call('HDEL', key, 'a' .. (attempts - KEPT))
  end
  if ARGV[at + 7] ~= '0' then
    redis.call('HSET', key, 'th', ARGV[at + 7])
  end
end

-- leave_index takes a delivery that has ended from those that may become one with others.
local function leave_index(key, id)
  local co = redis.call('HGET', key, 'co')
  if co then
    redis.call('ZREM', co_index(endpoint), key_of(co) .. NUL .. id)
    redis.call('HDEL', key, 'co', 'tk')
  end
end

local function ended(key, id, op, at, t)
  record(key, at, 'st', op, 'end', num(clock(t)))
  finished[#finished + 1] = id
  if coalesces then
    leave_index(key, id)
  end
  if op == 'delivered' then
    redis.call('HDEL', key, 'due', 'rs', 'wt') -- most rows are of these: its status says why, and nothing is due
  else
    list_ended(id, op, endpoint, redis.call('HGET', key, 'new'))
  end
end

local function hand_in(rows, at, t, score)
  local id, op = ARGV[at], ARGV[at + 1]
  local key = P .. ':dlv:' .. id
  if op == 'back' then
    redis.call('ZADD', rows, num(-score), id)
  elseif op == 'again' then
    local due = t + tonumber(ARGV[at + 5])
    redis.call('ZADD', rows, num(due), id)
    record(key, at, 'due', num(due), 'wt', ARGV[at + 9])
    redis.call('ZADD', deferred, redis.call('HGET', key, 'new'), id)
    if coalesces then
      failed[#failed + 1] = key_of(redis.call('HGET', key, 'co'))
    end
  else
    ended(key, id, op, at, t)
  end
  if ARGV[at + 10] ~= '0' then
    deliver_all(at + DONE, tonumber(ARGV[at + 10]), { ['delivery.exhausted'] = op == 'exhausted' }, t)
  end
  changed[#changed + 1] = id
  tallies[ARGV[at + 8]] = (tallies[ARGV[at + 8]] or 0) + 1
end

local function tally()
  for words, n in pairs(tallies) do
    for what in string.gmatch(words, '%d+') do
      count(endpoint, what, n)
    end
    for what in string.gmatch(words, '%a') do
      count(endpoint, what, n)
    end
  end
end

local UNKNOWN, SAME = '?', '='

-- course keeps what the worker tells of the flow, and makes the deliveries that tell of it. When a person released the
-- lane since its last turn, the worker does not know yet, and what it tells is over.
local function course(t)
  local key = P .. ':lane:' .. ARGV[1]
  local f = redis.call('HMGET', key, 'flow', 'nb', 'held', 'anew')
  if f[4] then
    redis.call('HDEL', key, 'anew')
    return
  elseif ARGV[9] == UNKNOWN then
    return
  end
  if (f[1] or '') ~= ARGV[9] then
    redis.call('HSET', key, 'flow', ARGV[9])
  end
  if ARGV[10] ~= '0' then
    redis.call('HSET', key, 'nb', num(t + tonumber(ARGV[10])))
  elseif f[2] then
    redis.call('HDEL', key, 'nb')
  end
  local disabled = ARGV[11] ~= '' and not f[3]
  if disabled then
    redis.call('HSET', key, 'held', 'disabled', 'why', ARGV[11], 'since', num(clock(t)))
  end
  deliver_all(9 + TOLD, tonumber(ARGV[12]), { ['endpoint.disabled'] = disabled, ['endpoint.recovered'] = true }, t)
end

function kind.apply(i, t)
  course(t)
  local rows = P .. ':rows:' .. ARGV[1]
  i = i + TOLD + tonumber(ARGV[12]) * DELIVERY
  while ARGV[i] do
    local score = tonumber(redis.call('ZSCORE', rows, ARGV[i]) or '0')
    if score < 0 then
      hand_in(rows, i, t, score)
    end
    i = i + DONE + tonumber(ARGV[i + 10]) * DELIVERY
  end
  local late = redis.call('EXISTS', deferred) == 1
  for from = 1, #finished, 1000 do
    local to = math.min(from + 999, #finished)
    redis.call('ZREM', rows, unpack(finished, from, to))
    redis.call('ZREM', P .. ':deliveries:pending', unpack(finished, from, to))
    if late then
      redis.call('ZREM', deferred, unpack(finished, from, to))
    end
  end
  for _, key in ipairs(failed) do
    coalesce(endpoint, key, t, troubled(ARGV[1], t), SIBLINGS)
  end
  tally()
  keep_counts(t)
  if #changed > 0 then
    redis.call('PUBLISH', P .. ':watch', table.concat(changed, ','))
  end
end

function kind.gone(lane)
  return false
end

function kind.interrupted(id)
end

-- troubled_until notes that the endpoint is in trouble, and answers until when it was known to be.
local function troubled_until(t)
  local key = P .. ':lane:' .. ARGV[1]
  if troubled(ARGV[1], t) then
    redis.call('HSET', key, 'down', num(t))
    return t
  end
  return tonumber(redis.call('HGET', key, 'down') or '0')
end

local SETTLED = 200 -- deliveries that one turn looks at: it must hold nobody up

-- settle_one has one that is due become one with others of its key. It answers how many were superseded, how many it
-- looked at, and whether there is nothing more to do.
local function settle_one(id, t, down, left)
  local f = redis.call('HMGET', P .. ':dlv:' .. id, 'st', 'co', 'new')
  local key, interval = key_of(f[2])
  if f[1] ~= 'pending' or not key or interval == 0 and tonumber(f[3]) > down then
    return 0, 0, true
  end
  local gone, looked = coalesce(endpoint, key, t, true, left)
  local all = looked < left or gone == 0 and left == SETTLED -- those that remain cannot become one
  return gone, looked, all
end

-- settle_head does so for the first of those that are due. It answers how many were superseded, and how many more it
-- may look at.
local function settle_head(head, ready, t, down, left)
  local gone = 0
  for _, id in ipairs(head) do
    if not ready[id] and left > 0 then
      local n, looked, all = settle_one(id, t, down, left)
      ready[id] = all
      gone = gone + n
      left = left - looked
    end
  end
  return gone, left
end

-- settle has what was made before the endpoint's trouble was over become one, before it is sent. What there is no time
-- for waits for the next turn.
function kind.settle(rows, t, want)
  if not coalesces then
    return want
  end
  local down, ready, left = troubled_until(t), {}, SETTLED
  local head, gone = {}, want > 0 and 1 or 0
  while gone > 0 do
    head = redis.call('ZRANGEBYSCORE', rows, '(0', num(t), 'LIMIT', 0, want)
    gone, left = settle_head(head, ready, t, down, left)
  end
  keep_counts(t)
  for n, id in ipairs(head) do
    if not ready[id] then
      return n - 1
    end
  end
  return want
end

function kind.row(id)
  local key = P .. ':dlv:' .. id
  local row = redis.call('HMGET', key, 'f', 'b', 'at', 'new', 'st', 'th', 'base', 'again', 'co')
  local co = table.remove(row)
  if co then
    sent(endpoint, id, co)
  end
  return row
end

-- flow tells a worker what it does not know. Until it does, it takes no more than the text begins with.
function kind.flow(stands)
  if ARGV[9] == UNKNOWN then
    return stands.flow, tonumber(string.match(stands.flow, '^%d+') or ARGV[10])
  end
  return stands.flow == ARGV[9] and SAME or stands.flow, math.huge
end

return turn(kind)
