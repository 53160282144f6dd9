// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

#include <QStringList>

namespace app {

// What is open: name, format, shape. A section of the left dock.
class ModelPanel : public widgets::View
{
    Q_OBJECT

public:
    explicit ModelPanel(QWidget* parent = nullptr);

    void setModel(const QString& name, const QString& format, const QStringList& lines);

    QSize sizeHint() const override;

    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_name, m_format;
    QStringList m_lines;
};

} // namespace app
