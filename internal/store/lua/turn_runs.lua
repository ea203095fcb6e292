-- A turn on a lane of runs. What is done, each: id, op ('end', 'again', 'back'), attempts, state,
-- error, counts, start ms, wait ms, initial, models of which it deleted records, how its sync stands now ('good',
-- 'bad', '' nobody knows), how the connection's credentials were taken (the same, and which they were), how many
-- deliveries, and these (deliver.lua).

-- note keeps how a run leaves its sync and its connection, and returns what that is news of. Credentials that have changed
-- meanwhile are not those that were refused.
local function note(i, t)
  local con = P .. ':con:' .. string.match(ARGV[1], '^[^.]+')
  local news = {}
  if turned(P .. ':status:' .. string.sub(ARGV[1], 1, -3), 'failed', ARGV[i + 10], t) then
    news[ARGV[i + 10] == 'bad' and 'sync.failed' or 'sync.recovered'] = true
  end
  local standing, version = string.match(ARGV[i + 11], '^(%a+) (%d+)$')
  if standing and (redis.call('HGET', con, 'xv') or '0') == version then
    news['connection.refused'] = turned(con, 'refused', standing, t) and standing == 'bad'
  end
  return news
end

-- owe makes the deliveries that a run owes, and notes them in its row.
local function owe(key, i, t)
  local made = deliver_all(i + 13, tonumber(ARGV[i + 12]), note(i, t), t)
  local before = redis.call('HGET', key, 'dlv')
  if #made > 0 then
    redis.call('HSET', key, 'dlv', (before and before .. ',' or '') .. table.concat(made, ','))
  end
end

local function ended(key, id, state, i, t)
  for model in string.gmatch(ARGV[i + 9], '[^,]+') do
    redis.call('ZADD', P .. ':tombs', 'LT', ARGV[i + 6], string.match(ARGV[1], '^[^.]+') .. '.' .. model)
  end
  count_work('r')
  if state == 'failed' then
    count_work('b')
  end
  local at = num(clock(t))
  redis.call('HSET', key, 'end', at)
  redis.call('HSET', P .. ':con:' .. string.match(ARGV[1], '^[^.]+'), 'lr', id .. ' ' .. state .. ' ' .. at)
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
  if op ~= 'back' then
    owe(key, i, t)
  end
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
    i = i + 13 + tonumber(ARGV[i + 12]) * DELIVERY
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

function kind.flow()
  return '', math.huge
end

return turn(kind)
