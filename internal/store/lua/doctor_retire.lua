-- Has a script expire that no sync names, if nobody deployed since that was seen.
-- ARGV: 1 script, 2 how often the project had been deployed to, 3 seconds.
if (redis.call('GET', P .. ':deployed') or '0') == ARGV[2] then
  redis.call('EXPIRE', P .. ':script:' .. ARGV[1], ARGV[3])
end
return 'ok'
