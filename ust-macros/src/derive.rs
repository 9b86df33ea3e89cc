//! `#[derive(Field)]`: a structure or an enumeration as a field.
//!
//! ```text
//!  struct Point { x: f32, y: f32 }            structure: x, y
//!  struct Inode(u64);                         its one member's type
//!  enum State { Idle, Busy = 4 }              enumeration, with the container of `#[repr]`
//!  enum Found { Nothing, At(u64, &str) }      variant: a one-byte tag, the choice's index, then its members
//! ```
//!
//! The members measure and write themselves, one after the other, as the fields of an event do. `#[field(..)]` before a member
//! says how it is shown, and whether it is recorded. Lints and names are as
//! in [`expand`](crate::expand).

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt as _;
use syn::{
    Attribute, Data, DataEnum, DeriveInput, Error, Fields, GenericParam, Ident, Result, Type,
    Variant,
};

use crate::field_attribute::{FieldAttribute, How};

/// As many as a one-byte tag can tell apart.
const MAX_CHOICES: usize = 256;

/// The items of the trait's implementation.
struct Items {
    ty: TokenStream,
    fixed_size_bytes: TokenStream,
    size_bytes: TokenStream,
    is_short: TokenStream,
    encode: TokenStream,
}

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    for parameter in &input.generics.params {
        if !matches!(parameter, GenericParam::Lifetime(_)) {
            let message =
                "`#[derive(Field)]` takes no generic types: record the members that you want";
            return Err(Error::new_spanned(parameter, message));
        }
    }
    let private = quote!(::ust::__private);
    let items = match &input.data {
        Data::Struct(data) if data.fields.is_empty() => {
            return Err(Error::new_spanned(
                &input.ident,
                "a structure without members has nothing to record",
            ));
        }
        Data::Struct(data) => {
            let members = Members::of(&data.fields, &private)?;
            if members.types.is_empty() {
                return Err(Error::new_spanned(
                    &input.ident,
                    "a structure of which all members are skipped has nothing to record",
                ));
            }
            structure(&members)
        }
        Data::Enum(data) => enumeration(input, data, &private)?,
        Data::Union(data) => {
            let message =
                "it is unknown which member of a union is in use: record the one that you mean";
            return Err(Error::new_spanned(data.union_token, message));
        }
    };
    let Items { ty, fixed_size_bytes, size_bytes, is_short, encode } = items;
    let ident = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        // SAFETY: each member writes what it measured, starting where the member before it ended; a tag is a field as
        // well.
        unsafe impl #impl_generics #private::Field for #ident #type_generics #where_clause {
            const TYPE: &'static #private::FieldType = #ty;
            const FIXED_SIZE_BYTES:
                #private::core::option::Option<#private::core::primitive::usize> = #fixed_size_bytes;

            #[inline(always)]
            fn size_bytes(&self) -> #private::core::primitive::usize {
                #size_bytes
            }

            #[inline(always)]
            fn is_short(&self) -> #private::core::primitive::bool {
                #is_short
            }

            #[inline(always)]
            unsafe fn encode(
                &self,
                __ust_dst: *mut #private::core::primitive::u8,
            ) -> *mut #private::core::primitive::u8 {
                #encode
            }
        }
    })
}

/// The members of a structure, or of one variant of an enumeration.
struct Members<'a> {
    /// `Self::Name { .. }` without the `Self::Name`. Each member that is recorded is bound to a name of ours.
    pattern: TokenStream,
    bindings: Vec<Ident>,
    types: Vec<&'a Type>,
    /// What the metadata says of each.
    descriptions: Vec<TokenStream>,
    names: Vec<String>,
    has_names: bool,
    private: &'a TokenStream,
}

impl<'a> Members<'a> {
    fn of(fields: &'a Fields, private: &'a TokenStream) -> Result<Self> {
        let mut these = Self {
            pattern: TokenStream::new(),
            bindings: Vec::new(),
            types: Vec::new(),
            descriptions: Vec::new(),
            names: Vec::new(),
            has_names: matches!(fields, Fields::Named(_)),
            private,
        };
        let mut members = Vec::new();
        for (place, (member, field)) in fields.members().zip(fields).enumerate() {
            let attribute = FieldAttribute::take(&mut field.attrs.clone())?;
            let ty = &field.ty;
            these.descriptions.push(match attribute.how {
                How::Skip => continue,
                How::Plain => quote!(<#ty as #private::Field>::TYPE),
                How::Shown(form) => {
                    let form = form.packed();
                    quote!(<#ty as #private::Shown<#form>>::SHOWN)
                }
                How::Text | How::Debug | How::Display | How::With(_) => {
                    let message = "a member is recorded as it is, because it is written into the ring itself: write `#[field(skip)]`, and take what you want to format as a parameter of the tracepoint";
                    return Err(Error::new_spanned(field, message));
                }
            });
            let own_name = match &field.ident {
                Some(ident) => ident.unraw().to_string(),
                None => place.to_string(),
            };
            these.names.push(attribute.name.unwrap_or(own_name));
            these.bindings.push(format_ident!("__ust_member{place}"));
            these.types.push(ty);
            members.push(member);
        }
        let bindings = &these.bindings;
        these.pattern = quote!({ #(#members: #bindings,)* .. });
        Ok(these)
    }

    fn ty(&self) -> TokenStream {
        let Self { descriptions, names, private, .. } = self;
        match &descriptions[..] {
            [] => quote!(&#private::FieldType::NOTHING),
            [ty] if !self.has_names => ty.clone(),
            _ => quote!(const {
                &#private::FieldType::Structure {
                    members: #private::Part::Static(const {
                        &[#(#private::Member {
                            name: #private::Part::Static(#names),
                            ty: #private::Part::Static(#descriptions),
                        }),*]
                    }),
                }
            }),
        }
    }

    fn fixed_size_bytes(&self) -> TokenStream {
        let Self { types, private, .. } = self;
        quote!(#private::sum_of_sizes(&[#(<#types as #private::Field>::FIXED_SIZE_BYTES),*]))
    }

    fn size_bytes(&self) -> TokenStream {
        let Self { bindings, private, .. } = self;
        quote!(0usize #(.saturating_add(#private::Field::size_bytes(#bindings)))*)
    }

    fn is_short(&self) -> TokenStream {
        let Self { bindings, private, .. } = self;
        quote!(true #(&& #private::Field::is_short(#bindings))*)
    }

    /// Writes the members, and returns the address after the last.
    fn encode(&self) -> TokenStream {
        let Self { bindings, private, .. } = self;
        quote! {
            #(
                // SAFETY: the caller provides the bytes that all members measured.
                let __ust_dst = unsafe { #private::Field::encode(#bindings, __ust_dst) };
            )*
            __ust_dst
        }
    }
}

fn structure(members: &Members<'_>) -> Items {
    let pattern = &members.pattern;
    let with = |of_members: TokenStream| quote!(let Self #pattern = self; #of_members);
    Items {
        ty: members.ty(),
        fixed_size_bytes: members.fixed_size_bytes(),
        size_bytes: with(members.size_bytes()),
        is_short: with(members.is_short()),
        encode: with(members.encode()),
    }
}

fn enumeration(input: &DeriveInput, data: &DataEnum, private: &TokenStream) -> Result<Items> {
    if data.variants.is_empty() {
        return Err(Error::new_spanned(
            &input.ident,
            "an enumeration without variants has no values",
        ));
    }
    if data.variants.iter().all(|variant| variant.fields.is_empty()) {
        return labelled(input, data, private);
    }
    if let Some(one_too_many) = data.variants.iter().nth(MAX_CHOICES) {
        let message = format!("a variant has at most {MAX_CHOICES} choices");
        return Err(Error::new_spanned(one_too_many, message));
    }
    variant(data, private)
}

/// A number with names.
fn labelled(input: &DeriveInput, data: &DataEnum, private: &TokenStream) -> Result<Items> {
    let container = container(&input.attrs, &data.variants.iter().collect::<Vec<_>>())?;
    let number = Ident::new(container, Span::call_site());
    let number = quote!(#private::core::primitive::#number);
    let idents: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
    let names = idents.iter().map(|ident| ident.unraw().to_string());
    let value = quote!(match self { #(Self::#idents { .. } => Self::#idents as #number),* });
    Ok(Items {
        ty: quote!(&#private::FieldType::Enumeration {
            container: <#number as #private::Field>::TYPE.number(),
            labels: #private::Part::Static(const {
                &[#(#private::Label {
                    name: #private::Part::Static(#names),
                    low: Self::#idents as #number as #private::core::primitive::i128,
                    high: Self::#idents as #number as #private::core::primitive::i128,
                }),*]
            }),
        }),
        fixed_size_bytes: quote!(<#number as #private::Field>::FIXED_SIZE_BYTES),
        size_bytes: quote!(#private::core::mem::size_of::<#number>()),
        is_short: quote!(true),
        encode: quote! {
            let __ust_value: #number = #value;
            // SAFETY: the caller provides as many bytes as a number of that type has.
            unsafe { #private::Field::encode(&__ust_value, __ust_dst) }
        },
    })
}

/// The type of an enumeration's number: the one in `#[repr]`. Without it a byte, if no value is stated and a byte is
/// enough, else `i64`.
fn container(attrs: &[Attribute], variants: &[&Variant]) -> Result<&'static str> {
    const NUMBERS: [(&str, &str); 10] = [
        ("u8", "u8"),
        ("u16", "u16"),
        ("u32", "u32"),
        ("u64", "u64"),
        ("usize", "u64"),
        ("i8", "i8"),
        ("i16", "i16"),
        ("i32", "i32"),
        ("i64", "i64"),
        ("isize", "i64"),
    ];
    let mut said = None;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("repr")) {
        attr.parse_nested_meta(|meta| {
            let number = NUMBERS.iter().find(|(name, _)| meta.path.is_ident(name));
            said = said.or(number.map(|(_, number)| *number));
            Ok(())
        })?;
    }
    let is_counted = variants.iter().all(|variant| variant.discriminant.is_none());
    let else_said = if is_counted && variants.len() <= MAX_CHOICES { "u8" } else { "i64" };
    Ok(said.unwrap_or(else_said))
}

/// An enumeration with members: one of several types.
fn variant(data: &DataEnum, private: &TokenStream) -> Result<Items> {
    let of_all: Vec<_> = data
        .variants
        .iter()
        .map(|variant| Members::of(&variant.fields, private))
        .collect::<Result<_>>()?;
    let idents: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
    let patterns: Vec<_> = of_all.iter().map(|members| &members.pattern).collect();
    let matched =
        |arms: Vec<TokenStream>| quote!(match self { #(Self::#idents #patterns => { #arms }),* });
    let names = idents.iter().map(|ident| ident.unraw().to_string());
    let types = of_all.iter().map(Members::ty);
    let tags: Vec<_> = (0..of_all.len() as i128).collect();
    let encoded = |(tag, members): (usize, &Members<'_>)| {
        let (tag, members) = (tag as u8, members.encode());
        quote! {
            // SAFETY: the caller provides the byte of the tag.
            let __ust_dst = unsafe { #private::Field::encode(&#tag, __ust_dst) };
            #members
        }
    };
    let sizes = of_all.iter().map(|members| {
        let bytes = members.size_bytes();
        quote!((#bytes).saturating_add(1))
    });
    Ok(Items {
        ty: quote!(&#private::FieldType::Variant {
            tag: #private::Integer::unsigned(8),
            choices: #private::Part::Static(const {
                &[#(#private::Choice {
                    label: #private::Label {
                        name: #private::Part::Static(#names),
                        low: #tags,
                        high: #tags,
                    },
                    ty: #private::Part::Static(#types),
                }),*]
            }),
        }),
        fixed_size_bytes: quote!(#private::core::option::Option::None),
        size_bytes: matched(sizes.collect()),
        is_short: matched(of_all.iter().map(Members::is_short).collect()),
        encode: matched(of_all.iter().enumerate().map(encoded).collect()),
    })
}
