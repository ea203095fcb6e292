-- Looks at runs: their place in the indexes, and in their lane.
local INDEXES = { 'runs', 'runs:queued', 'runs:running', 'runs:failed', 'runs:cancelled' }
for i = 3, #ARGV do
  local id = ARGV[i]
  local f = redis.call('HMGET', P .. ':run:' .. id, 'b', 'st', 'lane', 'new')
  if not damaged('run', id, f[1] and f[2] and f[3] and f[4], INDEXES) then
    listed('runs', id, f[4])
    for n = 2, #INDEXES do
      listed(INDEXES[n], id, INDEXES[n] == 'runs:' .. f[2] and f[4] or nil)
    end
    waits(f[3], id, f[2] == 'queued' or f[2] == 'running', f[4])
  end
end
return report(#ARGV - 2, hints)
