#!/bin/sh
# Writes schema.json and units.json anew; needs node and npm, and the packages of package.json from the registry.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# 180 MB of packages never touch the tree.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/package.json" "$here/dashboard.ts" "$here/print.js" "$work"
cd "$work"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error
cat > tsconfig.json <<'END'
{"compilerOptions": {"strict": true, "module": "esnext", "moduleResolution": "bundler", "target": "es2022",
  "skipLibCheck": true, "types": [], "noEmit": true}, "files": ["dashboard.ts"]}
END
node_modules/.bin/tsc -p tsconfig.json
node_modules/.bin/ts-json-schema-generator --path dashboard.ts --tsconfig tsconfig.json --type Dashboard \
  --expose all --no-type-check --out generated.json
node print.js
cp schema.json units.json "$here"
