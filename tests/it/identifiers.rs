//! What names a person is hidden in all that is kept, and nothing else is.

use psoas_bot::free_text::IdentifierKind::{self, *};
use psoas_bot::ids::PatientText;

use crate::wire::house::library;

#[track_caller]
fn masks(text: &str, masked: &str, kinds: &[IdentifierKind]) {
    let library = library();
    let identifiers = &library.newest().identifiers;
    let (found, what) = identifiers.mask(&PatientText::new(text.to_owned()));
    assert_eq!(found.reveal(), masked);
    assert_eq!(what.into_iter().collect::<Vec<_>>(), kinds);
    assert_eq!(found.reveal().len(), text.len(), "places stay true");
}

#[track_caller]
fn keeps(text: &str) {
    masks(text, text, &[]);
}

#[test]
fn phone_numbers_as_they_are_written_in_both_countries() {
    for number in [
        "818-248-5500",
        "(818) 248-5500",
        "818.248.5500",
        "8182485500",
        "+1 818 248 5500",
        "1-818-248-5500",
        "248-5500",
        "+52 55 1234 5678",
        "+52 1 55 1234 5678",
        "55 12 34 56 78",
        "(55) 1234-5678",
        "044 55 1234 5678",
        "8 1 8 2 4 8 5 5 0 0",
    ] {
        let text = format!("call me at {number} please");
        let hidden: String = number
            .chars()
            .map(|c| if c.is_ascii_digit() { '#' } else { c })
            .collect();
        masks(&text, &format!("call me at {hidden} please"), &[Phone]);
    }
}

#[test]
fn birth_dates_by_the_words_around_them() {
    masks("dob 05/14/1962", "dob ##/##/####", &[BirthDate]);
    masks(
        "I was born on May 14, 1962.",
        "I was born on ### ##, ####.",
        &[BirthDate],
    );
    masks(
        "I was born on the 14th of May 1962",
        "I was born on the #### ## ### ####",
        &[BirthDate],
    );
    masks(
        "naci el 5 de marzo del 62",
        "naci el # ## ##### ### ##",
        &[BirthDate],
    );
    masks("born 3/5 of 1962", "born #/# ## ####", &[BirthDate]);
    masks(
        "nací el 14 de mayo de 1962",
        "nací el ## ## #### ## ####",
        &[BirthDate],
    );
    masks(
        "mi fecha de nacimiento es 14-05-62",
        "mi fecha de nacimiento es ##-##-##",
        &[BirthDate],
    );
    masks(
        "1962-05-14 is my birthday",
        "####-##-## is my birthday",
        &[BirthDate],
    );
    masks("05/14/1962", "##/##/####", &[BirthDate]);
    masks("14 de mayo de 1962", "## ## #### ## ####", &[BirthDate]);
}

#[test]
fn cards_insurance_and_papers() {
    masks(
        "visa 4111 1111 1111 1111 ok",
        "visa #### #### #### #### ok",
        &[Card],
    );
    masks(
        "my insurance is 123456789",
        "my insurance is #########",
        &[Insurance],
    );
    masks(
        "member id: XEA-912345",
        "member id: ###-######",
        &[Insurance],
    );
    masks("mi póliza es AB12345", "mi póliza es #######", &[Insurance]);
    masks(
        "Medicare 1EG4-TE5-MK73",
        "Medicare ####-###-####",
        &[Insurance],
    );
    masks("1EG4TE5MK73", "###########", &[Insurance]);
    masks("ssn 123-45-6789", "ssn ###-##-####", &[Identity]);
    masks("123-45-6789", "###-##-####", &[Identity]);
    masks(
        "curp GOMC620514MDFRRN09",
        "curp ##################",
        &[Identity],
    );
    masks(
        "mi pasaporte es G12345678",
        "mi pasaporte es #########",
        &[Identity],
    );
    masks(
        "write to ana.lopez@example.com",
        "write to ###.#####@#######.###",
        &[Email],
    );
    masks(
        "dob 5/14/62, call 818-248-5500",
        "dob #/##/##, call ###-###-####",
        &[Phone, BirthDate],
    );
}

#[test]
fn what_staff_need_to_read_stays() {
    keeps("it began on 03/04/2024 after a fall");
    keeps("surgery 05-14-2012, then again 06-15-2014");
    keeps("operada el 14 de mayo de 2012");
    keeps("I was born with a bad hip, and had surgery on 05/14/2012");
    keeps("from 2019 2020 2021 on");
    keeps("bp 120/80, pulse 88, 5 of 10 pain for 6 weeks");
    keeps("1 2 3 4 5 6 7 8");
    keeps("1, 2, 3, 4, 5, 6, 7");
    keeps("no estoy seguro, tengo 62 años y dolor desde 2019");
    keeps("ibuprofen 400 mg 3 times a day for 10 days");
    keeps("my chest hurts");
}
