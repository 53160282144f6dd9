// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"

#include <QTimer>

#include <functional>

namespace app {

// What part of a view is looked at, as part of the document: saved, undone, restored. The view moves at once under the
// hand; the document is told when it rests, so that a drag is one change.
class SightKeeper : public QObject
{
    Q_OBJECT

public:
    using Show = std::function<void(const std::optional<Sight>&)>; // none: all there is

    SightKeeper(Document& document, std::string view, Show show);

    void moved(const std::optional<Sight>& sight); // by hand, and shown already
    void again();                                  // the view has something new to show: the same part of it

private:
    std::optional<Sight> kept() const;
    void follow();
    void keep();

    Document& m_document;
    std::string m_view;
    Show m_show;
    std::optional<Sight> m_now, m_told; // as shown; as the document last said
    QTimer m_rest;
};

} // namespace app
