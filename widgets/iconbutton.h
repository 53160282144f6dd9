// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/icons.h"

#include <QAbstractButton>

namespace widgets {

// A symbol of 16 in 28: no frame, grounds for hover and checked. The name is its tooltip and what a screen reader says.
class IconButton : public QAbstractButton
{
    Q_OBJECT

public:
    IconButton(Symbol symbol, const QString& name, QWidget* parent = nullptr);

    void setSymbol(Symbol symbol, const QString& name);

    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Symbol m_symbol;
};

} // namespace widgets
