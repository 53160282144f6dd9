// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/attention/viewwords.h"

#include "widgets/numbers.h"

#include <QCoreApplication>

namespace app {

using View = AttentionView;

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("attention", text);
}

template <typename Value>
void add(QStringList& changes, const ViewChoice<Value>& choice, const View& then, const View& now)
{
    if (then.*choice.member == now.*choice.member)
        return;
    const auto name = [&](const View& view) {
        for (const auto& [text, value] : choice.values)
            if (value == view.*choice.member)
                return text;
        return tr("another value");
    };
    changes << tr("%1 ‘%2’, now ‘%3’").arg(choice.title, name(then), name(now));
}

} // namespace

ViewChoice<View::Picture> pictureChoice()
{
    return {tr("Picture"),
            &View::picture,
            {{tr("Maps"), View::Picture::Maps},
             {tr("Arcs between tokens"), View::Picture::Arcs},
             {tr("Neurons: query × key by dimension"), View::Picture::Neurons}}};
}

ViewChoice<View::Mode> modeChoice()
{
    return {tr("Compare"),
            &View::mode,
            {{tr("Side by side"), View::Mode::SideBySide},
             {tr("Differences of every method"), View::Mode::Difference},
             {tr("Ratio, log2"), View::Mode::Ratio},
             {tr("Swipe"), View::Mode::Swipe},
             {tr("Every method"), View::Mode::Every}}};
}

ViewChoice<View::Sinks> sinksChoice()
{
    return {tr("Sinks"),
            &View::sinks,
            {{tr("Kept"), View::Sinks::Kept},
             {tr("Hidden"), View::Sinks::Hidden},
             {tr("With a scale of their own"), View::Sinks::OwnScale}}};
}

ViewChoice<double> massChoice()
{
    return {tr("Draw of each row"),
            &View::mass,
            {{tr("All weights"), 1.0},
             {tr("The largest that make 95 %"), 0.95},
             {tr("The largest that make 90 %"), 0.9},
             {tr("The largest that make 80 %"), 0.8},
             {tr("The largest that make 50 %"), 0.5}}};
}

ViewChoice<View::Heads> headsChoice()
{
    return {tr("Heads"),
            &View::heads,
            {{tr("The chosen head"), View::Heads::One},
             {tr("Mean of all heads"), View::Heads::Mean},
             {tr("Largest of all heads"), View::Heads::Largest}}};
}

ViewChoice<bool> rowChoice()
{
    return {tr("Row plot"), &View::meanRow, {{tr("The picked query"), false}, {tr("Mean over queries"), true}}};
}

ViewChoice<std::string> metricChoice()
{
    return {tr("Number"),
            &View::metric,
            {{tr("attention moved"), "tv"},
             {tr("top key lost"), "lost@1"},
             {tr("error of the output"), "out_rel"},
             {tr("KL divergence"), "kl"},
             {tr("entropy gained"), "dH"},
             {tr("entropy of the exact rows"), "entropy"},
             {tr("sink mass"), "sink"},
             {tr("previous token"), "previous"},
             {tr("induction"), "induction"},
             {tr("local"), "local"}}};
}

ViewChoice<std::string> orderChoice()
{
    return {tr("Order"),
            &View::order,
            {{tr("By layer and head"), ""},
             {tr("This number, largest first"), "error"},
             {tr("Entropy"), "entropy"},
             {tr("Sink mass"), "sink"}}};
}

std::vector<ViewFlag> viewFlags()
{
    return {{tr("Join the pieces of words"), &View::words},
            {tr("Hatch what cannot be"), &View::hatch},
            {tr("Magnify around the pick"), &View::magnifier}};
}

QStringList changesBetween(const View& then, const View& now)
{
    QStringList changes;
    add(changes, pictureChoice(), then, now);
    add(changes, modeChoice(), then, now);
    add(changes, sinksChoice(), then, now);
    add(changes, massChoice(), then, now);
    add(changes, headsChoice(), then, now);
    add(changes, rowChoice(), then, now);
    for (const ViewFlag& flag : viewFlags())
        if (then.*flag.member != now.*flag.member && flag.member != &View::magnifier) // a lens is not on paper
            changes << (now.*flag.member ? tr("‘%1’ off, now on") : tr("‘%1’ on, now off")).arg(flag.title);
    if (then.mode == View::Mode::Swipe && now.mode == then.mode && then.swipe != now.swipe)
        changes << tr("the line to swipe at %1, now %2").arg(widgets::percent(then.swipe), widgets::percent(now.swipe));
    if (then.low != now.low)
        changes << tr("colours from %1, now %2")
                       .arg(widgets::fixed(then.low.value_or(0), 3), widgets::fixed(now.low.value_or(0), 3));
    return changes;
}

} // namespace app
