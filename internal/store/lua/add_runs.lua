-- Queues runs. ARGV: for each run: id, lane, body.
local t = now()
local created = clock(t)
local added = 0
for i = 1, #ARGV, 3 do
  if add_run(ARGV[i], ARGV[i + 1], ARGV[i + 2], t, created) then
    added = added + 1
  end
end
return { added, hints }
