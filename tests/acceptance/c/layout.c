/* Where the header's structures have their fields: what programs of yesterday rely on. */
#include <stdio.h>
#include <ust.h>

#define SIZE(type) printf("%s: %zu\n", #type, sizeof(struct type))
#define FIELD(type, field) printf("%6zu %s\n", offsetof(struct type, field), #field)

int main(void)
{
	printf("version %d.%d, magic %#llx\n", UST_API_MAJOR_, UST_API_MINOR_, (unsigned long long)UST_API_MAGIC_);
	SIZE(ust_switch_);
	FIELD(ust_switch_, state);
	FIELD(ust_switch_, class_number);
	FIELD(ust_switch_, channels);
	SIZE(ust_label_);
	FIELD(ust_label_, name);
	FIELD(ust_label_, low);
	FIELD(ust_label_, high);
	SIZE(ust_field_);
	FIELD(ust_field_, name);
	FIELD(ust_field_, labels);
	FIELD(ust_field_, label_count);
	FIELD(ust_field_, type);
	FIELD(ust_field_, bytes);
	FIELD(ust_field_, length);
	SIZE(ust_callsite_);
	FIELD(ust_callsite_, on);
	FIELD(ust_callsite_, provider);
	FIELD(ust_callsite_, name);
	FIELD(ust_callsite_, file);
	FIELD(ust_callsite_, fields);
	FIELD(ust_callsite_, field_count);
	FIELD(ust_callsite_, line);
	FIELD(ust_callsite_, level);
	SIZE(ust_module_);
	FIELD(ust_module_, major);
	FIELD(ust_module_, minor);
	FIELD(ust_module_, begin);
	FIELD(ust_module_, end);
	SIZE(ust_api_);
	FIELD(ust_api_, magic);
	FIELD(ust_api_, major);
	FIELD(ust_api_, minor);
	FIELD(ust_api_, bytes);
	FIELD(ust_api_, join);
	FIELD(ust_api_, leave);
	FIELD(ust_api_, record_4);
	FIELD(ust_api_, record_8);
	FIELD(ust_api_, record);
	FIELD(ust_api_, record_by);
	FIELD(ust_api_, write_text);
	FIELD(ust_api_, start);
	FIELD(ust_api_, elapsed_ns);
	printf("types %x %x %x %x, %x %x %x, %x, %x %x\n", UST_UNSIGNED_, UST_SIGNED_, UST_FLOAT_, UST_TEXT_, UST_HEXADECIMAL_,
	       UST_OCTAL_, UST_BINARY_, UST_NETWORK_, UST_ARRAY_, UST_SEQUENCE_);
	return 0;
}
