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

    // The SHA-256 of the weights, of several files with commas between; empty: still being computed.
    void setHash(const QString& hash);
    void setHashShown(bool shown);

    QSize sizeHint() const override;

    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QStringList lines() const;
    void tell();

    QString m_name, m_format, m_hash;
    QStringList m_lines;
    bool m_hashShown = true;
};

} // namespace app
