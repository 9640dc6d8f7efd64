#include "session/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

json_t *ht_json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *ht_json_score(const ht_score *score)
{
    return json_pack("{s:o, s:o}", "loss", ht_json_number(score->loss), "accuracy",
                     ht_json_number(score->accuracy));
}

json_t *ht_json_params(const ht_params *params)
{
    json_t *object = json_object();
    char value[HT_PARAM_VALUE];
    for (int p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at(p);
        double number = ht_params_get(params, p);
        ht_params_format(params, p, value, sizeof value);
        json_t *item = info->type == HT_TYPE_INT    ? json_integer((json_int_t)number)
                       : info->type == HT_TYPE_REAL ? json_real(number)
                       : info->type == HT_TYPE_BOOL ? json_boolean(number != 0)
                                                    : json_string(value);
        if (json_object_set_new(object, info->key, item) == 0) continue;
        json_decref(object);
        return NULL;
    }
    return object;
}

double ht_json_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

void ht_json_value(const json_t *value, char *to, size_t size)
{
    if (json_is_string(value))
        ht_text_copy(to, size, json_string_value(value));
    else if (json_is_boolean(value))
        snprintf(to, size, "%s", json_is_true(value) ? "true" : "false");
    else if (json_is_integer(value))
        snprintf(to, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else
        snprintf(to, size, "%.17g", json_number_value(value));
}

json_t *ht_json_labels(const ht_labels *labels)
{
    json_t *all = json_array();
    for (int i = 0; i < labels->count; i++)
        json_array_append_new(all, json_pack("{s:I, s:s}", "step", (json_int_t)labels->label[i].step, "text",
                                             labels->label[i].text));
    return all;
}

ht_code ht_json_print(json_t *root, ht_error *err)
{
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    if (!text) return ht_error_set(err, HT_FAIL, "not enough memory to write the results");
    puts(text);
    free(text);
    return HT_OK;
}
