-- Reads a page of sorted sets as if they were one. KEYS: the sets. ARGV: 1 'oldest' or 'newest' first, 2 how
-- many, 3 and 4 the (score, member) to continue after ('' none), 5 the lowest score, 6 the first that is too
-- high ('' none); and, if of the first set only some members are wanted, 7 a set of these, in any order, and 8 the
-- names of their rows without the member. Answers members, each followed by its score.
local SMALL = 500 -- members of such a set, of which all are read; a larger one is of no use
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

-- ahead reports whether one (score, member) is on the page before another.
local function ahead(score, member, other, than)
  if newest then
    return other < score or other == score and less(than, member)
  end
  return score < other or score == other and less(member, than)
end

-- pick answers, as read does, what is asked for when all of it is known. Its rows have the score as 'new'.
local function pick(set, row)
  local found, page = {}, {}
  local low, high, from = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[3])
  for _, id in ipairs(redis.call('ZRANGE', set, 0, -1)) do
    local score = tonumber(redis.call('HGET', row .. id, 'new') or '')
    local within = score and (not low or score >= low) and (not high or score < high)
    if within and (not from or ahead(from, ARGV[4], score, id)) then
      found[#found + 1] = { score, id }
    end
  end
  table.sort(found, function(a, b) return ahead(a[1], a[2], b[1], b[2]) end)
  for i = 1, math.min(#found, size) do
    page[2 * i - 1], page[2 * i] = found[i][2], string.format('%.17g', found[i][1])
  end
  return page
end

-- merge answers the first of what two pages hold.
local function merge(a, b)
  local page, i, j = {}, 1, 1
  while #page < 2 * size and (a[i] or b[j]) do
    if not b[j] or a[i] and ahead(tonumber(a[i + 1]), a[i], tonumber(b[j + 1]), b[j]) then
      page[#page + 1], page[#page + 2] = a[i], a[i + 1]
      i = i + 2
    else
      page[#page + 1], page[#page + 2] = b[j], b[j + 1]
      j = j + 2
    end
  end
  return page
end

local known = ARGV[7] and redis.call('ZCARD', ARGV[7]) <= SMALL
local page = known and pick(ARGV[7], ARGV[8]) or read(KEYS[1])
for n = 2, #KEYS do
  page = merge(page, read(KEYS[n]))
end
return page
