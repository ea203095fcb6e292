-- Lists records in the order of (last modified, id). ARGV: 1 model, 2 not before (ms, or '-inf'),
-- 3 and 4 the (last modified, id) to continue after ('' none), 5 how many, 6 the actions wanted.
-- Answers pairs of id and record, and as the last element the position to continue after, or ''.
local hash, index = C .. ':r:' .. ARGV[1], C .. ':m:' .. ARGV[1]

local rank = redis.call('ZCOUNT', index, '-inf', '(' .. ARGV[2])
if ARGV[3] ~= '' then
  rank = math.max(rank, after(index, ARGV[3], ARGV[4]))
end
local want = tonumber(ARGV[5])
local scan = math.max(want, 500)
local page = redis.call('ZRANGE', index, rank, rank + scan, 'WITHSCORES')
local out, last = {}, ''
for from = 1, math.min(#page, scan * 2), 1000 do
  local ids = {}
  for i = from, math.min(from + 999, #page, scan * 2), 2 do
    ids[#ids + 1] = page[i]
  end
  local values = redis.call('HMGET', hash, unpack(ids))
  for n, id in ipairs(ids) do
    if #out / 2 == want then
      out[#out + 1] = last
      return out
    end
    local action = values[n] and string.match(values[n], '^[^|]*|[^|]*|[^|]*|(%u)')
    if action and string.find(ARGV[6], action, 1, true) then
      out[#out + 1] = id
      out[#out + 1] = values[n]
    end
    last = page[from + n * 2 - 1] .. '|' .. id
  end
end
out[#out + 1] = #page > scan * 2 and last or ''
return out
