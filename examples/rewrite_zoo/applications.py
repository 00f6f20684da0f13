# SPDX-License-Identifier: Apache-2.0
"""Every family of keras.applications, and those only tf_keras has, at small sizes."""
import keras
import tf_keras

from recipes import model

A = keras.applications


@model()
def mobilenet():
  return A.MobileNet(input_shape=(96, 96, 3), weights=None, classes=10)


@model()
def inception_resnet_v2():
  return A.InceptionResNetV2(input_shape=(75, 75, 3), weights=None, classes=10)


@model()
def mobilenet_v2():
  return A.MobileNetV2(input_shape=(96, 96, 3), weights=None, classes=10)


@model(photos=True)
def mobilenet_v3_small():
  return A.MobileNetV3Small(input_shape=(96, 96, 3), weights=None, classes=10)


@model(photos=True)
def mobilenet_v3_large():
  return A.MobileNetV3Large(input_shape=(64, 64, 3), weights=None, classes=10)


@model()
def inception_v3():
  return A.InceptionV3(input_shape=(75, 75, 3), weights=None, classes=10)


@model(photos=True)
def efficientnet_b0():
  return A.EfficientNetB0(input_shape=(64, 64, 3), weights=None, classes=10)


@model(photos=True)
def efficientnet_v2_b0():
  return A.EfficientNetV2B0(input_shape=(64, 64, 3), weights=None, classes=10)


@model(photos=True)
def convnext_tiny():
  return A.ConvNeXtTiny(input_shape=(64, 64, 3), weights=None, classes=10)


@model()
def densenet121():
  return A.DenseNet121(input_shape=(64, 64, 3), weights=None, classes=10)


@model()
def nasnet_mobile():
  return A.NASNetMobile(input_shape=(64, 64, 3), weights=None, classes=10)


@model()
def xception():
  return A.Xception(input_shape=(71, 71, 3), weights=None, classes=10)


@model()
def resnet50():
  return A.ResNet50(input_shape=(64, 64, 3), weights=None, classes=10)


@model()
def resnet50_v2():
  return A.ResNet50V2(input_shape=(64, 64, 3), weights=None, classes=10)


@model()
def vgg16():
  return A.VGG16(input_shape=(32, 32, 3), weights=None, classes=10)


@model(photos=True)
def keras2_regnet_x002():
  return tf_keras.applications.RegNetX002(input_shape=(64, 64, 3), weights=None, classes=10)


@model(photos=True)
def keras2_resnet_rs50():
  return tf_keras.applications.ResNetRS50(input_shape=(64, 64, 3), weights=None, classes=10)


@model()
def keras2_mobilenet_v2():
  return tf_keras.applications.MobileNetV2(input_shape=(96, 96, 3), weights=None, classes=10)
