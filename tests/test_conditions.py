import keras
import numpy as np
import pytest
import tensorflow as tf
from support.side_information import CONDITIONS, LABELS

from vae_gan_tf.conditions import ImageCondition, LabelCondition, NoCondition
from vae_gan_tf.errors import UserError


@pytest.mark.parametrize("name", CONDITIONS)
def test_vectors_of_side_information(name):
    condition, y, vectors = CONDITIONS[name]
    found = condition.vector(y)
    assert found.dtype == tf.float32 and condition.size == np.shape(vectors)[1]
    np.testing.assert_allclose(found, vectors, rtol=1e-6)


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_model_is_given_its_side_information_and_asked_for_an_image_of_each(name):
    condition, y, _ = CONDITIONS[name]
    np.testing.assert_array_equal(condition.given(y), y)
    count, asked = condition.asked(y)
    assert int(count) == 4 and asked is y


def test_without_side_information_labels_are_not_looked_at_and_a_number_is_asked_for():
    condition = NoCondition()
    assert condition.size == 0 and condition.vector(None) is None
    assert condition.given(LABELS) is None
    assert condition.asked(5) == (5, None)
    with pytest.raises(UserError, match="must be None"):
        condition.vector(LABELS)
    with pytest.raises(UserError, match=r"^the number of images: None given"):
        condition.asked(None)
    for count in (0, -1):
        with pytest.raises(UserError, match=r"number of images must lie in \[1, inf\]; found"):
            condition.asked(count)


@pytest.mark.parametrize("condition", [LabelCondition(3), ImageCondition((2, 1, 1))])
def test_side_information_is_needed(condition):
    with pytest.raises(UserError, match="needs side information y, and none was given"):
        condition.vector(None)


@pytest.mark.parametrize(
    "dtype",
    [np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64],
    ids=lambda it: it.__name__,
)
def test_labels_of_any_integer_type(dtype):
    vectors = LabelCondition(3).vector(LABELS.astype(dtype))
    np.testing.assert_array_equal(vectors, CONDITIONS["labels"][2])


@pytest.mark.parametrize("classes", [True, 0, 2.0, "3"])
def test_classes_are_a_positive_integer(classes):
    with pytest.raises(UserError, match=r"classes=.* given, an integer of at least 1 expected"):
        LabelCondition(classes)


def test_classes_may_be_an_integer_of_numpy():
    condition = LabelCondition(LABELS.max() + 1)
    assert type(condition.classes) is int and condition.size == LABELS.max() + 1


def test_the_report_has_ten_classes():
    assert LabelCondition().classes == LabelCondition().size == 10


@pytest.mark.parametrize("condition", [NoCondition(), LabelCondition(3), ImageCondition((2, 1, 1))])
def test_a_saved_condition_is_the_same(condition):
    config = keras.saving.serialize_keras_object(condition)
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(condition) and vars(again) == vars(condition)


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_specification_is_that_of_y(name):
    condition, y, _ = CONDITIONS[name]
    (spec,) = condition.specs()
    assert spec.is_compatible_with(tf.constant(y)) and spec.name == "y"
    assert NoCondition().specs() == []
