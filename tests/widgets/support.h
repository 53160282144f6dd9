// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"
#include "widgets/paint.h"

#include <QObject>
#include <QString>

class QImage;
class QWidget;

// One factory per file of tests; main.cpp runs them all.
QObject* colormapTest();
QObject* controlsTest();
QObject* heatmapViewTest();
QObject* numbersTest();
QObject* probesTest();
QObject* studyTest();
QObject* themeTest();
QObject* viewsTest();

// Identities like the program's, for pictures.
widgets::Identity exactIdentity();
widgets::Identity taylorIdentity();

// A causal map whose rows sum to 1: a sink, a diagonal and something between, n × n.
engine::Grid causalMap(int n, double sharpness);

// Words as token labels.
QStringList words(int n);

// Writes the view in light, in dark and at 150 % into the folder of SUBQUAD_GALLERY, if that is set.
void toGallery(QWidget& view, QSize size, const QString& name);
