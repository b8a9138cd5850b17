#!/bin/sh
# In the build stage: `install.sh packages`, then `install.sh veilstream`, into /opt/veilstream. Each file that is
# downloaded has the hash in its lock. An index and a CA of the machine that builds come as secrets: no layer has them.
set -eu

ca=/run/secrets/ca index=/run/secrets/index
[ ! -s "$ca" ] || export SSL_CERT_FILE="$ca" PIP_CERT="$ca"
if [ -s "$index" ]; then
	UV_DEFAULT_INDEX=$(cat "$index")
	export UV_DEFAULT_INDEX PIP_INDEX_URL="$UV_DEFAULT_INDEX"
fi
export UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
uv() { tools/bin/uv "$@" --quiet; }

packages() {
	python3 -m venv tools
	tools/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --only-binary :all: --require-hashes \
		-r requirements-uv.lock
	uv venv --python python3 --no-project /opt/veilstream
	uv pip sync --python /opt/veilstream/bin/python --no-build --require-hashes deploy/containers/requirements.lock
	uv venv --python python3 --no-project bom
	uv pip sync --python bom/bin/python --no-build --require-hashes deploy/containers/sbom.lock
}

# By pip at the end, since uv notes the moment at which the wheel was made, and no two images would be the same.
veilstream() {
	uv build --wheel --python python3 --require-hashes --build-constraints requirements.lock --out-dir dist
	tools/bin/pip --python /opt/veilstream/bin/python install --quiet --no-index --find-links dist --no-deps \
		--no-compile veilstream
}

"$1"
