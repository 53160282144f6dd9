// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/probe.h"
#include "widgets/theme.h"

#include <optional>

namespace widgets {

// One number to look at.
struct NumberValue
{
    QString title;
    std::optional<double> value; // none: n/a
    QString reason;              // why there is none
    QString unit;
    engine::Provenance provenance = engine::Provenance::Computed;
};

// A number with its name, unit and where it comes from.
class NumberView : public View
{
    Q_OBJECT

public:
    explicit NumberView(QWidget* parent = nullptr);

    void setNumber(const NumberValue& number);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString numberText() const;

    NumberValue m_number;
};

} // namespace widgets
