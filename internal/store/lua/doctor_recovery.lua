-- Looks at recoveries: their place in the index, and in their lane.
for i = 3, #ARGV do
  local id = ARGV[i]
  local f = redis.call('HMGET', P .. ':recovery:' .. id, 'f', 'st', 'new', 'to', 'rate', 'found')
  if not damaged('recovery', id, read(f[1]) and f[2] and f[3] and f[4] and f[5] and f[6], { 'recoveries' }) then
    listed('recoveries', id, f[3])
    waits(string.sub(P, 2, -2) .. '.r', id, f[2] == 'running', f[3])
  end
end
return report(#ARGV - 2, hints)
