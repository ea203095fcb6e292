-- A turn on a lane of runs. What is done, each: id, op ('end', 'again', 'back'), attempts, state,
-- error, counts, start ms, wait ms, initial, models of which it deleted records, how many deliveries,
-- and for each of these: id, facts, body, endpoint.

local function deliver(i, run, t, created)
  local id, endpoint = ARGV[i], ARGV[i + 3]
  local key = P .. ':dlv:' .. id
  if redis.call('EXISTS', key) == 1 then
    return
  end
  redis.call('HSET', key, 'f', ARGV[i + 1], 'b', ARGV[i + 2], 'st', 'pending', 'new', num(created), 'due', num(t))
  redis.call('ZADD', P .. ':deliveries', num(created), id)
  redis.call('ZADD', P .. ':deliveries:pending', num(created), id)
  put(endpoint .. '.d', id, t, true)
  count(endpoint, 'c')
  redis.call('PUBLISH', P .. ':watch', id)
end

local function ended(key, id, state, i, t)
  local created = clock(t)
  local deliveries = {}
  for d = 0, tonumber(ARGV[i + 10]) - 1 do
    deliver(i + 11 + d * 4, id, t, created)
    deliveries[#deliveries + 1] = ARGV[i + 11 + d * 4]
  end
  for model in string.gmatch(ARGV[i + 9], '[^,]+') do
    redis.call('ZADD', P .. ':tombs', 'LT', ARGV[i + 6], string.match(ARGV[1], '^[^.]+') .. '.' .. model)
  end
  redis.call('HSET', key, 'end', num(created), 'dlv', table.concat(deliveries, ','))
  redis.call('HDEL', key, 'nb', 'cancel')
  event_waits(redis.call('HGET', key, 'b'), -1)
  redis.call('ZREM', P .. ':rows:' .. ARGV[1], id)
  redis.call('ZREM', P .. ':runs:running', id)
  if state ~= 'succeeded' then
    redis.call('ZADD', P .. ':runs:' .. state, redis.call('HGET', key, 'new'), id)
  elseif string.sub(ARGV[1], -2) == '.f' then
    redis.call('HSET', P .. ':status:' .. string.sub(ARGV[1], 1, -3), 'last', ARGV[i + 6])
  end
end

local function waits_again(key, id, score, t, wait)
  redis.call('ZADD', P .. ':rows:' .. ARGV[1], num(-tonumber(score)), id)
  redis.call('ZREM', P .. ':runs:running', id)
  redis.call('ZADD', P .. ':runs:queued', redis.call('HGET', key, 'new'), id)
  if wait > 0 and redis.call('HEXISTS', key, 'cancel') == 0 then
    redis.call('HSET', key, 'nb', num(t + wait))
    redis.call('HSET', P .. ':lane:' .. ARGV[1], 'nb', num(t + wait))
  end
end

local kind = { timed = false }

local function hand_in(id, i, t, score)
  local op, state = ARGV[i + 1], ARGV[i + 3]
  local key = P .. ':run:' .. id
  redis.call('HSET', key, 'at', ARGV[i + 2], 'st', state, 'err', ARGV[i + 4], 'cnt', ARGV[i + 5], 'start', ARGV[i + 6], 'init', ARGV[i + 8])
  if op == 'end' then
    ended(key, id, state, i, t)
  else
    waits_again(key, id, score, t, op == 'again' and tonumber(ARGV[i + 7]) or 0)
  end
end

function kind.apply(i, t, gone)
  while ARGV[i] do
    local id = ARGV[i]
    local score = redis.call('ZSCORE', P .. ':rows:' .. ARGV[1], id)
    if score and tonumber(score) < 0 then
      if gone then
        remove_run(id, ARGV[1])
      else
        hand_in(id, i, t, score)
      end
    end
    i = i + 11 + tonumber(ARGV[i + 10]) * 4
  end
  keep_counts(t)
end

kind.gone = connection_gone

function kind.interrupted(id)
  redis.call('HINCRBY', P .. ':run:' .. id, 'int', 1)
end

-- row is the whole run, as a running one. A row in flight that is asked for again is the same.
function kind.row(id)
  local key = P .. ':run:' .. id
  if redis.call('HGET', key, 'st') == 'queued' then
    redis.call('ZREM', P .. ':runs:queued', id)
    redis.call('ZADD', P .. ':runs:running', redis.call('HGET', key, 'new'), id)
    redis.call('HSET', key, 'st', 'running')
    redis.call('HDEL', key, 'nb')
  end
  return redis.call('HGETALL', key)
end

return turn(kind)
