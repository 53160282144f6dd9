// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

#include <QImage>

namespace widgets {

// A finished picture under a title, as large as its room allows and never larger than it is.
class PictureView : public View
{
    Q_OBJECT

public:
    explicit PictureView(const QString& title, QWidget* parent = nullptr);

    void setPicture(const QImage& picture, const QString& instead); // `instead`: said where there is none

    const QImage& picture() const { return m_picture; }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_title, m_instead;
    QImage m_picture, m_fitted; // the latter for one size
};

} // namespace widgets
