# SPDX-License-Identifier: Apache-2.0
"""The licences of what `make install` bundles, and the list of it: name, version, hash, licence.

  licences.write(folder, wheels, pins, chart_js)   # -> folder/README.md, folder/NAME.txt …

Texts come from the wheels themselves; what a wheel carries without its text (Chart.js) is in licences/ here.
"""
import hashlib
import os
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
APACHE = 'ai-edge-litert'  # Whose licence is Apache 2.0, word for word.

# What is installed, the wheel it comes from, its licence, and where in the wheel the text is (None: APACHE's).
BUNDLED = [
    ('TensorFlow: libtensorflow_framework.so.2, libtensorflow_cc.so.2, headers', 'tensorflow-cpu', 'Apache-2.0', None),
    ('Abseil: headers, inside of TensorFlow', 'tensorflow-cpu', 'Apache-2.0', None),
    ('Protocol Buffers: headers, inside of TensorFlow', 'protobuf', 'BSD-3-Clause', 'dist-info/LICENSE'),
    ('LiteRT: libLiteRt.so', 'ai-edge-litert', 'Apache-2.0', 'dist-info/licenses/LICENSE'),
    ('Arrow and Parquet: libarrow.so, libarrow_s3.so, libparquet.so', 'pyarrow', 'Apache-2.0', 'dist-info/licenses/LICENSE.txt'),
    ('protos of TFX, generated C++', 'tfx', 'Apache-2.0', 'dist-info/LICENSE'),
    ('protos of TFX IR, generated C++', 'ml-pipelines-sdk', 'Apache-2.0', 'dist-info/LICENSE'),
    ('protos of TensorFlow Metadata, generated C++', 'tensorflow-metadata', 'Apache-2.0', 'dist-info/LICENSE'),
    ('protos of TensorFlow Model Analysis, generated C++', 'tensorflow-model-analysis', 'Apache-2.0',
     'dist-info/licenses/LICENSE'),
    ('protos of ML Metadata, generated C++', 'ml-metadata', 'Apache-2.0', 'dist-info/licenses/LICENSE'),
]


def texts(archive, ending):
  with zipfile.ZipFile(archive) as z:
    return [z.read(name) for name in z.namelist() if name.endswith(ending)]


def sha256(data):
  return hashlib.sha256(data).hexdigest()


def write(folder, wheels, pins, chart_js):
  """Writes the list and the texts. A wheel without the text that is expected of it is an error."""
  os.makedirs(folder, exist_ok=True)
  rows = []

  def add(what, version, digest, licence, name, text):
    with open(os.path.join(folder, name), 'wb') as f:
      f.write(text)
    rows.append(f'| {what} | {version} | `{digest}` | {licence} | [{name}]({name}) |')

  apache, = texts(wheels[APACHE], 'dist-info/licenses/LICENSE')
  for what, wheel, licence, ending in BUNDLED:
    version, digest = pins[wheel][:2]
    text = apache if ending is None else texts(wheels[wheel], ending)[0]
    add(what, f'{wheel} {version}', digest, licence, f'{wheel}.txt' if ending else 'apache-2.0.txt', text)
  notices, = texts(wheels['tensorflow-cpu'], 'tensorflow/THIRD_PARTY_NOTICES.txt')
  add('what TensorFlow and LiteRT are built of', f'tensorflow-cpu {pins["tensorflow-cpu"][0]}', pins['tensorflow-cpu'][1],
      'see the text', 'tensorflow-third-party-notices.txt', notices)
  with open(chart_js, 'rb') as f:
    chart = f.read()
  with open(os.path.join(HERE, 'licences', 'chart.js.txt'), 'rb') as f:
    add('Chart.js: inside of libtfxm_report.so and of every HTML report', '4.0.1', sha256(chart), 'MIT', 'chart.js.txt',
        f.read())
  add('FlatBuffers: headers, inside of libtfxm_litert.so', 'Debian libflatbuffers-dev', '–', 'Apache-2.0',
      'apache-2.0.txt', apache)
  with open(os.path.join(folder, 'README.md'), 'w', encoding='utf-8') as f:
    f.write('''# What is bundled with tfxm, and under which licences

The hashes are the SHA-256 of the wheels these come from (of Chart.js, of the file). tfxm itself: LICENSE. libsqlite3 (public domain) and libisal
(BSD-3-Clause) are the system's and are not bundled.

| what | version | SHA-256 | licence | text |
|---|---|---|---|---|
''' + '\n'.join(rows) + '\n')
