// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <utility>
#include <vector>

class QWidget;

namespace widgets {

// A view of several parts, one of which can have all its room.
class Parted
{
public:
    virtual ~Parted() = default;

    virtual std::vector<std::pair<QString, QString>> parts() const = 0; // those there are now: id and name
    virtual QString partAt(const QWidget& inside) const = 0;            // its id; empty: of no part
    virtual void setOnly(const QString& part) = 0;                      // empty or not there: all of them are shown
};

} // namespace widgets
