-- Takes names for new things and writes what belongs to them, all or nothing.
-- ARGV: 1 how many names, then pairs of name and ID; then commands, each: how many words, and the
-- words, of which the second is a key without its slot. Answers the name that is taken, or ''; nothing,
-- when the project was deleted.
if redis.call('EXISTS', KEYS[1] .. ':project') == 0 then
  return false
end
local names = KEYS[1] .. ':names'
local i = 2
for _ = 1, tonumber(ARGV[1]) do
  local id = redis.call('HGET', names, ARGV[i])
  if id and id ~= ARGV[i + 1] then
    return ARGV[i]
  end
  i = i + 2
end
for n = 2, i - 1, 2 do
  redis.call('HSET', names, ARGV[n], ARGV[n + 1])
end
while ARGV[i] do
  local words = {}
  for w = 1, tonumber(ARGV[i]) do
    words[w] = ARGV[i + w]
  end
  words[2] = KEYS[1] .. ':' .. words[2]
  redis.call(unpack(words))
  i = i + 1 + #words
end
return ''
