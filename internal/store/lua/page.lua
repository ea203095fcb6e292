-- Reads a page of sorted sets as if they were one. KEYS: the sets. ARGV: 1 'oldest' or 'newest' first, 2 how
-- many, 3 and 4 the (score, member) to continue after ('' none), 5 the lowest score, 6 the first that is too
-- high ('' none). Answers members, each followed by its score.
local size, newest = tonumber(ARGV[2]), ARGV[1] == 'newest'

-- bounds answers the rank of the first member that counts, and of the first behind those that do.
local function bounds(set)
  local low = ARGV[5] == '' and 0 or redis.call('ZCOUNT', set, '-inf', '(' .. ARGV[5])
  local high = ARGV[6] == '' and redis.call('ZCARD', set) or redis.call('ZCOUNT', set, '-inf', '(' .. ARGV[6])
  if ARGV[3] == '' then
    return low, high
  end
  local rank = after(set, ARGV[3], ARGV[4])
  if not newest then
    return math.max(low, rank), high
  end
  local before = rank > 0 and redis.call('ZRANGE', set, rank - 1, rank - 1)[1] == ARGV[4] and rank - 1 or rank
  return low, math.min(high, before)
end

-- read answers the members of a set on the page, as if it were the only one.
local function read(set)
  local low, high = bounds(set)
  if low >= high then
    return {}
  elseif not newest then
    return redis.call('ZRANGE', set, low, math.min(low + size, high) - 1, 'WITHSCORES')
  end
  local from = redis.call('ZCARD', set) - high
  return redis.call('ZREVRANGE', set, from, from + math.min(size, high - low) - 1, 'WITHSCORES')
end

-- first reports whether the pair at i of one page comes before that at j of another.
local function first(a, i, b, j)
  local x, y = tonumber(a[i + 1]), tonumber(b[j + 1])
  local before = x < y or x == y and less(a[i], b[j])
  return before ~= newest
end

-- merge answers the first of what two pages hold.
local function merge(a, b)
  local page, i, j = {}, 1, 1
  while #page < 2 * size and (a[i] or b[j]) do
    if not b[j] or a[i] and first(a, i, b, j) then
      page[#page + 1], page[#page + 2] = a[i], a[i + 1]
      i = i + 2
    else
      page[#page + 1], page[#page + 2] = b[j], b[j + 1]
      j = j + 2
    end
  end
  return page
end

local page = read(KEYS[1])
for n = 2, #KEYS do
  page = merge(page, read(KEYS[n]))
end
return page
