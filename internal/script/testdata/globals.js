// Statements that use the globals which the runtime supplies. What they say is
// compared with globals.want, which Node 20 wrote; `say` is the caller's.
{ const u = new URL('https://a.example/x?a=1&b=2'); u.searchParams.append('c','d e'); u.searchParams.delete('a'); say(u.href); u.search='q=9'; say(u.href, u.searchParams.get('q')); u.pathname='/y z'; u.hash='h'; u.port='8080'; u.hostname='b.example'; u.protocol='http'; say(String(u), JSON.stringify(u)); u.host='c.example:81'; say(u.href); u.search=''; say(u.href) }
{ const p=new URLSearchParams({a:'1',b:'x y&é~!'}); say(p.toString(), p.has('a'), p.get('none'), [...p], p.size); p.append('a','2'); p.set('a','3'); p.sort(); say(String(p), p.getAll('a'), [...p.keys()], [...p.values()]); say(new URLSearchParams('?a=1&a=2&b&c=%zz+d=e').toString(), new URLSearchParams([['x','y']]).toString()); p.forEach((v,k)=>say(k,v)) }
say(URL.canParse('x'), URL.canParse('https://a.example'));
say([...new TextEncoder().encode('aé€😀\ud800')]);
say(new TextDecoder().decode(new Uint8Array([0xef,0xbb,0xbf,97,0xc3,0xa9,0xe2,0x82,0xac,0xf0,0x9f,0x98,0x80,0xff,0xe2,0x82,98,0xed,0xa0,0x80,0xc0,0x80])));
try{ new TextDecoder('utf-8',{fatal:true}).decode(new Uint8Array([255])) }catch(e){say(e.name)}
say(btoa('hé'), atob('aOk='), atob(btoa('\x00\xff')).length);
try{ btoa('€'); say('no') }catch{ say('threw') }
{ const o={d:new Date(0),m:new Map([[1,{x:1}]]),s:new Set([1]),a:[1,,3],b:new Uint8Array([1,2]),n:null}; o.self=o; const c=structuredClone(o); say(c.d instanceof Date,c.d.getTime(),c.m.get(1).x,c.m.get(1)!==o.m.get(1),c.s.has(1),c.a.length,1 in c.a,c.b[1],c.self===c) }
try{ structuredClone(()=>1); say('no') }catch{ say('threw') }
say(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()), crypto.randomUUID()!==crypto.randomUUID(), crypto.getRandomValues(new Uint8Array(4)).length);
{ const seen=[]; const t=setTimeout(()=>seen.push('cancelled'),1); clearTimeout(t); clearTimeout(undefined); setTimeout((a,b)=>seen.push(a+b),3,'three','!'); setTimeout(()=>seen.push('one'),1); queueMicrotask(()=>seen.push('micro')); await new Promise(r=>setTimeout(r,20)); say(seen) }
{ URL.mine=1; say(URL.mine, Object.keys(globalThis).includes('URL'), typeof URLSearchParams) }

// URLs and their bases.
for (const [href, base] of [['https://User:Pa%20ss@API.Example:443/a b/../c?q=é x#f',''],
  ['http://a.example',''],
  ['/x?y=1','https://a.example/b/c?d'],
  ['../x','https://a.example/b/c/d'],
  ['?z','https://a.example/b/c?d#e'],
  ['//b.example/p','https://a.example'],
  ['https://a.example:8443//x//y/./z/..',''],
  ["https://a.example/?a='1'&b=\"2\"<",''],
  ['https://a.example/%zz%41',''],
  ['https://[::1]:80/',''],
  ['http://localhost:3000/a#b c',''],
  ['not a url',''],
  ['/only/path',''],
  ['https://',''],
  ['https://a.example:99999/',''],
  ['  https://a.example/x\n',''],
  ['https://a.example/a{b}|c',''],
  ['https://a.example?x#y?z',''],
  ['\\\\b.example\\c','https://a.example'],
  ['https://a.example/%2e%2E/b/.',''],
  ['HTTPS://A.EXAMPLE:00443',''],
  ['https://a:b:c@d.example/',''],
  ['https://a b.example/',''],
  ['#h','https://a.example/b?c#d'],
  ['','https://a.example/b?c#d']]) {
  try {
    const u = base ? new URL(href, base) : new URL(href);
    say(href, '->', u.href, [u.origin, u.username, u.password, u.host, u.port, u.pathname, u.search, u.hash]);
  } catch (e) {
    say(href, '->', e.name);
  }
}
