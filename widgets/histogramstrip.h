// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/tensorstats.h"
#include "widgets/theme.h"

#include <optional>

namespace widgets {

// A tensor's histogram in a dock: its name, σ, bars, and the ends of the range.
class HistogramStrip : public View
{
    Q_OBJECT

public:
    explicit HistogramStrip(QWidget* parent = nullptr);

    // No statistics: they are on their way.
    void setTensor(const QString& name, const std::optional<engine::TensorStats>& stats);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_name;
    std::optional<engine::TensorStats> m_stats;
};

} // namespace widgets
