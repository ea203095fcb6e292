-- Reads a delivery and how it stands in its endpoint's lane. ARGV: 1 delivery, then the fields of its row, the
-- first of them the facts. Answers these; the time; the row's score in the lane ('' it is not there), how many
-- are due before it and how many are in flight; and the lane's flow, held, why, since and nb.
local id, fields = table.remove(ARGV, 1), ARGV
local row = redis.call('HMGET', P .. ':dlv:' .. id, unpack(fields))
local endpoint = string.match(row[1] or '', '"e":"([^"]+)"')
if not endpoint then
  return { row }
end
local rows = P .. ':rows:' .. endpoint .. '.d'
local flying = redis.call('ZCOUNT', rows, '-inf', '(0')
local score = redis.call('ZSCORE', rows, id)
local before = score and math.max(redis.call('ZRANK', rows, id) - flying, 0) or 0
local lane = redis.call('HMGET', P .. ':lane:' .. endpoint .. '.d', 'flow', 'held', 'why', 'since', 'nb')
return { row, num(now()), score or '', before, flying, lane }
