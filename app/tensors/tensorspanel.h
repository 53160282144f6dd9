// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

class QLineEdit;

namespace widgets {
class HistogramStrip;
class TensorTree;
} // namespace widgets

namespace app {

// The left dock's Tensors: a tree of them, a search, and the histogram of the chosen one.
class TensorsPanel : public widgets::View
{
    Q_OBJECT

public:
    explicit TensorsPanel(QWidget* parent = nullptr);

    widgets::TensorTree& tree() { return *m_tree; }

    widgets::HistogramStrip& histogram() { return *m_histogram; }

    QLineEdit& search() { return *m_search; }

    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QLineEdit* m_search;
    widgets::TensorTree* m_tree;
    widgets::HistogramStrip* m_histogram;
};

} // namespace app
