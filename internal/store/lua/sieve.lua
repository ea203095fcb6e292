-- Says which rows have all of some words in a field, so that the others need not be read. KEYS: 1 any key of their slot.
-- ARGV: 1 the rows' names without the member, 2 the field, 3 how many words, then these, then members. Answers the
-- positions of the members whose rows have them.
local first = 4 + tonumber(ARGV[3])
local found = {}
for i = first, #ARGV do
  local text = redis.call('HGET', ARGV[1] .. ARGV[i], ARGV[2])
  local has = text
  for w = 4, first - 1 do
    has = has and string.find(text, ARGV[w], 1, true)
  end
  if has then
    found[#found + 1] = i - first
  end
end
return found
