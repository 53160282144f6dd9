// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/sightkeeper.h"

#include <utility>

namespace app {

namespace {

constexpr int restMs = 200;

} // namespace

SightKeeper::SightKeeper(Document& document, std::string view, Show show)
    : m_document(document)
    , m_view(std::move(view))
    , m_show(std::move(show))
{
    m_rest.setSingleShot(true);
    m_rest.setInterval(restMs);
    connect(&m_rest, &QTimer::timeout, this, &SightKeeper::keep);
    connect(&document, &Document::layoutChanged, this, &SightKeeper::follow);
}

std::optional<Sight> SightKeeper::kept() const
{
    const auto& sights = m_document.state().layout.sights;
    const auto found = sights.find(m_view);
    return found == sights.end() ? std::nullopt : std::optional(found->second);
}

void SightKeeper::moved(const std::optional<Sight>& sight)
{
    if (sight == m_now)
        return;
    m_now = sight;
    m_rest.start();
}

void SightKeeper::again()
{
    m_show(m_now);
}

// Undone, restored, or another's change that leaves this view where the hand has moved it.
void SightKeeper::follow()
{
    const std::optional<Sight> said = kept();
    if (said == m_told)
        return;
    m_rest.stop();
    m_now = m_told = said;
    m_show(said);
}

void SightKeeper::keep()
{
    m_told = m_now;
    ViewLayout layout = m_document.state().layout;
    if (m_now)
        layout.sights[m_view] = *m_now;
    else
        layout.sights.erase(m_view);
    m_document.setLayout(layout);
}

} // namespace app
