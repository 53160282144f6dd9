// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/passkey.h"

#include "engine/compare/metrics.h"
#include "engine/values/error.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace engine {
namespace {

constexpr std::string_view opening =
    "There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. I will quiz you "
    "about the important information there.";
constexpr std::string_view filler =
    " The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.";
constexpr std::string_view question = "\nWhat is the pass key? The pass key is";

// The text of a prompt and where its needle stands.
struct Text
{
    std::string whole;
    std::size_t needle = 0, needleEnd = 0;
};

Text textWith(const std::string& key, int before, int after)
{
    Text text{std::string(opening)};
    const auto fill = [&](int times) {
        text.whole += '\n';
        for (int i = 0; i < times; ++i)
            text.whole += i == 0 ? filler.substr(1) : filler;
    };
    fill(before);
    text.whole += '\n';
    text.needle = text.whole.size();
    text.whole += "The pass key is " + key + ". Remember it. " + key + " is the pass key.";
    text.needleEnd = text.whole.size();
    fill(after);
    text.whole += question;
    return text;
}

// Without what a tokenizer adds at the end.
std::vector<Token> encoded(const Tokenizer& tokenizer, const std::string& text)
{
    std::vector<Token> tokens = tokenizer.encode(text);
    while (!tokens.empty() && tokens.back().count == 0 && tokenizer.special(tokens.back().id))
        tokens.pop_back();
    return tokens;
}

int lengthOf(const Tokenizer& tokenizer, const std::string& key, int fillers)
{
    return int(encoded(tokenizer, textWith(key, fillers, 0).whole).size());
}

// The most pieces of filler that fit; lines that join differently are tried out.
int fillersFor(const Tokenizer& tokenizer, const std::string& key, int tokens)
{
    const int one = lengthOf(tokenizer, key, 1), eleven = lengthOf(tokenizer, key, 11);
    if (one > tokens)
        throw Error(Fault::Request, "a passkey prompt of " + std::to_string(tokens) +
                                        " tokens was asked for; at least " + std::to_string(one) +
                                        " are needed with this tokenizer");
    const double each = std::max(1.0, (eleven - one) / 10.0);
    int fillers = 1 + int(double(tokens - one) / each);
    while (fillers > 1 && lengthOf(tokenizer, key, fillers) > tokens)
        --fillers;
    return fillers;
}

TokenRange rangeOf(const std::vector<Token>& tokens, std::size_t first, std::size_t end)
{
    const auto inside = [&](const Token& token) { return token.first + token.count > first && token.first < end; };
    const auto begin = std::ranges::find_if(tokens, inside);
    const auto count = std::count_if(begin, tokens.end(), inside);
    return {int(begin - tokens.begin()), int(count)};
}

} // namespace

PasskeyQuestion passkeyQuestion(const Tokenizer& tokenizer, int tokens, double depth, std::uint64_t seed)
{
    if (!(depth >= 0 && depth <= 1))
        throw Error(Fault::Request, "a depth of " + std::to_string(depth) + " was given; one from 0 to 1 was expected");
    std::mt19937_64 random(seed);
    PasskeyQuestion asked;
    asked.key = std::to_string(1 + random() % 50000);
    const int fillers = fillersFor(tokenizer, asked.key, tokens);
    const int before = int(std::lround(depth * fillers));
    const Text text = textWith(asked.key, before, fillers - before);
    const std::vector<Token> prompt = encoded(tokenizer, text.whole);
    const std::vector<Token> whole = encoded(tokenizer, text.whole + " " + asked.key);
    const auto common = std::ranges::mismatch(prompt, whole);
    for (auto token = whole.begin(); token != whole.end(); ++token)
        (token < common.in2 ? asked.prompt : asked.answer).push_back(token->id);
    asked.needle = rangeOf(prompt, text.needle, text.needleEnd);
    return asked;
}

PasskeyAnswer askPasskey(Session& session, const PasskeyQuestion& asked, Job& job)
{
    session.reset();
    Recorder nothing;
    std::vector<float> logits = session.feed(asked.prompt, nothing, job);
    PasskeyAnswer answer;
    for (std::size_t i = 0; i < asked.answer.size(); ++i) {
        const TokenId due = asked.answer[i];
        answer.right += std::ranges::max_element(logits) - logits.begin() == due.value;
        answer.nats -= logProbability(logits, due.value);
        ++answer.tokens;
        if (i + 1 < asked.answer.size())
            logits = session.feed(std::span(&due, 1), nothing, job);
    }
    answer.nats /= std::max(1, answer.tokens);
    return answer;
}

} // namespace engine
