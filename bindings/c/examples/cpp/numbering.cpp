// Numbers by a rule from C++: handles and errors as values that free themselves.
//
//   cmake -B build -DCMAKE_PREFIX_PATH=INSTALLED && cmake --build build && build/numbering
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "marketing_archive.h"

namespace {

struct Free {
    void operator()(ma_rule *rule) const { ma_rule_free(rule); }
    void operator()(ma_error *error) const { ma_error_free(error); }
    void operator()(char *text) const { ma_string_free(text); }
};

template <class T> using Owned = std::unique_ptr<T, Free>;

void check(ma_status status, ma_error *error) {
    Owned<ma_error> owned(error);
    if (status != MA_STATUS_OK) throw std::runtime_error(ma_error_message(error));
}

class Rule {
public:
    explicit Rule(std::string_view text) {
        ma_rule *rule = nullptr;
        ma_error *error = nullptr;
        check(ma_rule_compile(text.data(), text.size(), &rule, &error), error);
        rule_.reset(rule);
    }

    std::vector<std::string_view> parse(std::string_view number) const {
        std::vector<ma_span> spans(ma_rule_field_count(rule_.get()));
        ma_error *error = nullptr;
        check(ma_rule_spans(rule_.get(), number.data(), number.size(), spans.data(), spans.size(), &error), error);
        std::vector<std::string_view> parts;
        for (ma_span span : spans) parts.push_back(number.substr(span.start, span.end - span.start));
        return parts;
    }

    std::string write(const std::vector<std::string_view> &values) const {
        std::vector<ma_text> given;
        for (auto value : values) given.push_back({value.data(), value.size()});
        char buffer[240];
        size_t length = 0;
        ma_error *error = nullptr;
        check(ma_rule_write(rule_.get(), given.data(), given.size(), buffer, sizeof buffer, &length, &error), error);
        return std::string(buffer, length);
    }

private:
    Owned<ma_rule> rule_;
};

}  // namespace

int main() {
    const Rule rule(
        "rule box-label version 1 effective 2024-01-01\n"
        "  room = chars[A-Z]{2}\n"
        "  n = sequence{4} start 1 per (room) gapless refuse-when-full\n"
        "  format \"{room}-{n}\"\n");
    const auto parts = rule.parse("HZ-0042");
    const auto number = rule.write({"NB", "0007"});
    std::printf("room %.*s, number %s\n", static_cast<int>(parts[0].size()), parts[0].data(), number.c_str());
    try {
        rule.parse("HZ-42");
        return 1;
    } catch (const std::runtime_error &error) {
        std::printf("%s\n", error.what());
    }
    return parts[0] == "HZ" && parts[1] == "0042" && number == "NB-0007" ? 0 : 1;
}
